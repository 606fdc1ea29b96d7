"""Outputs of ORCA, put together from the parts that it prints: water and hydrogen fluoride, with numbers of our own."""

WATER = (("O", 0.0, 0.0, 0.119262), ("H", 0.0, 0.763239, -0.477047), ("H", 0.0, -0.763239, -0.477047))
BENT = (("O", 0.0, 0.0, 0.121), ("H", 0.0, 0.78, -0.479), ("H", 0.0, -0.78, -0.479))
GRADIENT = ((0.0, 0.0, 0.01), (0.0, -0.004, -0.005), (0.0, 0.004, -0.005))
OTHER_GRADIENT = ((0.0, 0.0, 0.02), (0.0, -0.008, -0.01), (0.0, 0.008, -0.01))

STATIONARY = "                 *** FINAL ENERGY EVALUATION AT THE STATIONARY POINT ***\n\n"
RELAXATION = "                    ORCA GEOMETRY RELAXATION STEP\n\n"
TERMINATED = "                             ****ORCA TERMINATED NORMALLY****\n"
SCF_GRADIENT = f"{'-' * 78}\n                         ORCA SCF GRADIENT CALCULATION\n{'-' * 78}\n\n"


def header(*lines, version="5.0.4 -  RELEASE  -"):
    """The beginning of an output, with the input that it repeats."""
    repeated = "".join(f"|{number:3d}> {line}\n" for number, line in enumerate(lines, 1))
    return (
        "\n                                 *****************\n                                 * O   R   C   A *\n"
        f"                                 *****************\n\n                         Program Version {version}\n\n"
        f"{'=' * 80}\n                                       INPUT FILE\n{'=' * 80}\nNAME = water.inp\n{repeated}"
        f"|{len(lines) + 1:3d}>                          ****END OF INPUT****\n{'=' * 80}\n\n"
    )


def job(number):
    """The line before each job of an input with `$new_job`."""
    return f"\n        $$$$$$$$$$$$$$$$  JOB NUMBER  {number} $$$$$$$$$$$$$$\n\n"


def geometry(atoms=WATER, charge=0, multiplicity=1):
    """A geometry, and the charge as the SCF prints it."""
    rows = "".join(f"  {symbol:<3}{x:13.6f}{y:12.6f}{z:12.6f}\n" for symbol, x, y, z in atoms)
    rule = "-" * 33
    return (
        f"{rule}\nCARTESIAN COORDINATES (ANGSTROEM)\n{rule}\n{rows}\n"
        f"----------------------------\nCARTESIAN COORDINATES (A.U.)\n----------------------------\n\n"
        f" Total Charge           Charge          ....   {charge:2d}\n Multiplicity           Mult            ....   {multiplicity:2d}\n\n"
    )


def scf(total):
    """The energy of the SCF."""
    return f"----------------\nTOTAL SCF ENERGY\n----------------\n\nTotal Energy       :  {total:20.8f} Eh  {total * 27.2114:20.5f} eV\n\n"


def energy(total=-76.268125, remark=""):
    """The final energy."""
    rule = "-------------------------   --------------------"
    return f"{rule}\nFINAL SINGLE POINT ENERGY{total:23.12f}{remark}\n{rule}\n\n"


def gradient(rows=GRADIENT, symbols=("O", "H", "H"), title="CARTESIAN GRADIENT", warning=""):
    """A gradient; one by finite differences has no empty line before it."""
    table = "".join(
        f"{k:4d}   {symbol:<2}  :{x:15.9f}{y:15.9f}{z:15.9f}\n"
        for k, (symbol, (x, y, z)) in enumerate(zip(symbols, rows, strict=True), 1)
    )
    rule = "-" * len(title)
    space = "" if "NUMERICAL" in title else "\n"
    return f"{rule}\n{title}\n{rule}\n{space}{warning}{table}\nDifference to translation invariance:\n           :    0.0000000000\n\n"


def mp2_gradient(rows=GRADIENT):
    """A gradient of MP2, whose atoms are counted from 0."""
    table = "".join(f"{k:3d}:{x:13.8f}{y:13.8f}{z:13.8f}\n" for k, (x, y, z) in enumerate(rows))
    return (
        f"The final MP2 gradient\n{table}\n----------------------------------\nNORM OF THE MP2 GRADIENT:  0.028702\n\n"
    )


def excitation(ground, excited, root="Root  1"):
    """The excited state that the final energy is of."""
    return (
        f"-----------------------\nCIS/TD-DFT TOTAL ENERGY\n-----------------------\n\n    E(SCF)  = {ground:16.9f} Eh\n"
        f"    DE(CIS) = {excited - ground:16.9f} Eh ({root})\n    ----------------------------- ---------\n"
        f"    E(tot)  = {excited:16.9f} Eh\n\n\n"
    )


def excited_gradient(state=1):
    """What is printed before the gradient of an excited state."""
    return (
        f"{SCF_GRADIENT}-------------------\nTD-DFT/TDA GRADIENT\n-------------------\n\n"
        f"Reference wavefunction             ... RHF\nState of interest                  ... {state}\n\n"
        "                 ---------------------------\n                 EXCITED STATE GRADIENT DONE\n\n"
    )
