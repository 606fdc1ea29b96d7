"""Outputs of Gaussian, put together from the parts that it prints: water, with numbers of our own.

The forces neither move nor turn the molecule. In the standard orientation it lies in the xz plane instead of the yz plane.
"""

import numpy as np

NUMBERS = (8, 1, 1)
INPUT = np.array([[0.0, 0.0, 0.1], [0.0, 0.76, -0.48], [0.0, -0.76, -0.48]])
FORCES = np.array([[0.0, 0.004, -0.016], [0.0, 0.004, 0.009], [0.0, -0.008, 0.007]])
FORCES[1:, 2] += np.array([-1.0, 1.0]) * np.cross(INPUT, FORCES).sum(axis=0)[0] / (2 * 0.76)
#: Turned about all axes; x, y, z of the input become z, x, y here.
TURN = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
STANDARD = INPUT @ TURN
STANDARD_FORCES = FORCES @ TURN

RESTORED = " ***** Axes restored to original set *****\n"
TERMINATED = " Normal termination of Gaussian 16 at Mon Apr  6 14:03:20 2020.\n"
_RULE = " " + "-" * 69 + "\n"


def header(route="#P B3LYP/6-31G(d) Force", charge=0, multiplicity=1, as_read=INPUT):
    """The beginning of an output, with its route and the input that it repeats."""
    return " Entering Gaussian System, Link 0=g16\n" + step(route, charge, multiplicity, as_read)


def step(route, charge=0, multiplicity=1, as_read=None):
    """The beginning of a job; long routes are broken within words."""
    lines = "".join(f" {route[k : k + 69]}\n" for k in range(0, len(route), 69))
    rule = " " + "-" * min(len(route), 70) + "\n"
    rows = [] if as_read is None else zip("OHH", as_read.tolist(), strict=True)
    atoms = "".join(f" {symbol} {x:20.5f}{y:10.5f}{z:10.5f} \n" for symbol, (x, y, z) in rows)
    title = " Symbolic Z-matrix:\n" if atoms else " Redundant internal coordinates found in file.\n"
    return f"{rule}{lines}{rule}{title} Charge = {charge:2d} Multiplicity = {multiplicity}\n{atoms} \n"


def internal(number):
    """The line before a job that Gaussian made of the one before."""
    return f"{TERMINATED} Link1:  Proceeding to internal job step number {number:2d}.\n"


def orientation(positions=INPUT, axes="Input", numbers=NUMBERS):
    """A geometry."""
    rows = "".join(
        f"{k:7d}{z:11d}{0:12d}    {x:12.6f}{y:12.6f}{w:12.6f}\n"
        for k, (z, (x, y, w)) in enumerate(zip(numbers, positions.tolist(), strict=True), 1)
    )
    return (
        f"                         {axes} orientation:                          \n{_RULE} Center     Atomic      Atomic"
        f"             Coordinates (Angstroms)\n Number     Number       Type             X           Y           Z\n{_RULE}{rows}{_RULE}"
    )


BOTH = orientation() + orientation(STANDARD, "Standard")


def scf(total=-76.3, label="RB3LYP"):
    """The energy of the SCF."""
    return f" SCF Done:  E({label}) = {total:16.9f}     A.U. after   10 cycles\n"


def forces(table=FORCES, numbers=NUMBERS):
    """Forces."""
    rows = "".join(
        f"{k:7d}{z:9d}    {x:15.9f}{y:15.9f}{w:15.9f}\n"
        for k, (z, (x, y, w)) in enumerate(zip(numbers, table.tolist(), strict=True), 1)
    )
    sizes = f"Max {np.abs(table).max():15.9f} RMS {np.sqrt((table**2).mean()):15.9f}"
    return (
        f"{_RULE} Center     Atomic                   Forces (Hartrees/Bohr)\n Number     Number              X              Y"
        f"              Z\n{_RULE}{rows}{_RULE} Cartesian Forces:  {sizes}\n"
    )


POINT = BOTH + scf() + RESTORED + forces()
