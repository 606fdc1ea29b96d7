"""Outputs in which lines or blocks are missing, doubled or moved: nothing is paired that does not belong together."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from data.reading import format_samples, gaussian_samples, orca_samples
from data.reading.format_samples import (
    AIMS,
    CP2K,
    CP2K_2025,
    CP2K_FORCES,
    CP2K_POSITIONS,
    ENGRAD,
    GAUSSIAN,
    OUTCAR,
    PSI4,
    QCHEM,
)

from supple.data.reading import survey
from supple.data.reading.outputs.nuclear_repulsion import require_repulsion

OUTPUTS = Path(format_samples.__file__).parent / "program_outputs"
ORCA_STEPS = orca_samples.header("! PBE Opt") + "".join(
    f"         *                GEOMETRY OPTIMIZATION CYCLE {cycle:3d}            *\n"
    + orca_samples.geometry(atoms)
    + "Nuclear Repulsion  :            9.08829377 Eh             247.305 eV\n" * (atoms is orca_samples.WATER)
    + orca_samples.energy(-76.26 - 0.01 * cycle)
    + orca_samples.gradient(rows)
    + f"Norm of the Cartesian gradient     ...    {np.linalg.norm(rows):.10f}\n"
    for cycle, atoms, rows in (
        (1, orca_samples.BENT, orca_samples.OTHER_GRADIENT), (2, orca_samples.WATER, orca_samples.GRADIENT),
    )
)  # fmt: skip
AFTER = f"{ORCA_STEPS}{orca_samples.STATIONARY}                    (AFTER    2 CYCLES)\n"
GAUSSIAN_STEPS = gaussian_samples.header("#P B3LYP/6-31G(d) Opt") + "".join(
    f"{gaussian_samples.POINT} Step number   {step} out of a maximum of   20\n" for step in (1, 2)
)
REPULSION = "       nuclear repulsion energy         9.0882937662 Hartrees.\n"


def real(name):
    return gzip.decompress((OUTPUTS / f"{name}.gz").read_bytes()).decode("latin-1")


def moved(text, start, end, before):
    """A text with a part of it, from the first `start` until before `end`, after the last `before`."""
    first = text.index(start)
    last = text.index(end, first)
    part, rest = text[first:last], text[:first] + text[last:]
    place = rest.rindex(before)
    return rest[:place] + part + rest[place:]


def doubled(text, line):
    return text.replace(f"{line}\n", f"{line}\n{line}\n", 1)


def exchanged(text, one, other):
    return text.replace(one, "\0", 1).replace(other, one, 1).replace("\0", other, 1)


AIMS_ROW, OUTCAR_ROW = (
    "  |    2 ",
    "      0.00000      0.76300      9.52300         0.000000      0.200000      0.250000",
)
LATTICE = "     0.000000000 10.000000000  0.000000000     0.000000000  0.100000000  0.000000000"
CELL = " CELL| Vector b [angstrom]:       0.000    10.000     0.000   |b| =    10.000000"
QCHEM_ROW = "    2   0.0000000  -0.0040000   0.0040000"
FREE = "  | Electronic free energy        :         -0.207536138000000E+04 eV\n"
MP2 = real("nwchem/scan.out")
MIXED_UP = {
    "headings of an engrad": ("orca.engrad", exchanged(ENGRAD, "# The current total energy in Eh", "# The current gradient in Eh/bohr")),
    "a row of an engrad elsewhere": ("orca.engrad", moved(ENGRAD, "       0.010", "       0.000000000000\n      -0.004", "# The current gradient")),
    "cycles of orca": ("a.out", ORCA_STEPS.replace("CYCLE   1", "CYCLE   3").replace("CYCLE   2", "CYCLE   1")),
    "a cycle of orca is missing": ("a.out", AFTER.replace("AFTER    2", "AFTER    3")),
    "the norm of orca": ("a.out", exchanged(ORCA_STEPS, f"{np.linalg.norm(orca_samples.GRADIENT):.10f}", "0.0249799920")),
    "the repulsion of orca": ("a.out", ORCA_STEPS.replace("9.08829377", "9.07829377")),
    "a step of gaussian is missing": ("a.log", GAUSSIAN_STEPS.replace("Step number   1", "Step number   4")),
    "the largest force of gaussian": ("a.log", GAUSSIAN_STEPS.replace("Forces:  Max     0.0", "Forces:  Max     0.1")),
    "the repulsion of gaussian": ("a.log", GAUSSIAN.replace(" SCF Done", REPULSION.replace("9.08", "9.18") + " SCF Done")),
    "orientations of gaussian": ("a.log", exchanged(GAUSSIAN, "  Input orientation", "Standard orientation")),
    "forces as coordinates": ("a.log", GAUSSIAN.replace(" SCF Done", "  Input orientation:\n SCF Done")),
    "the repulsion of psi4": ("a.out", PSI4.replace("9.08829", "9.08929")),
    "rows of psi4": ("a.out", exchanged(PSI4, "       2        0.0000", "       3        0.0000")),
    "a gradient of psi4": ("a.out", moved(real("psi4/gradient.out") + real("psi4/gradient.out"), "  -Total Gradient", "\n\n", "\n\n*** tstop")),
    "a geometry after the energy of psi4": ("a.out", moved(real("psi4/two-jobs.out"), "    Geometry (in", "  Running", "Properties will")),
    "an energy of nwchem": ("a.out", moved(MP2, "         Total SCF energy", "      One-electron", "         Total SCF energy")),
    "the norm of mopac": ("a.out", real("mopac/gradient.out").replace("GRADIENT NORM           =         4", "GRADIENT NORM           =         5")),
    "an energy of mopac": ("a.out", real("mopac/gradient.out").replace("          FINAL HEAT", "          FINAL HEAT OF FORMATION =         -1.0 KCAL/MOL\n          FINAL HEAT")),
    "rows of aims": ("a.out", exchanged(AIMS, f"{AIMS_ROW}         0.0", "  |    3          0.0")),
    "the number of atoms of aims": ("a.out", AIMS.replace("       3\n  | Number of spin", "       3 | Number of spin")),
    "a free energy of aims in hartree": ("a.out", moved(AIMS, "  | Electronic free energy", "\n  Energy and", "-----\n          Final output")),
    "the free energy of aims": ("a.out", AIMS.replace(FREE, "")),
    "a row of an OUTCAR": ("OUTCAR", doubled(OUTCAR, OUTCAR_ROW)),
    "a lattice vector": ("OUTCAR", doubled(OUTCAR, LATTICE)),
    "elements of an OUTCAR": ("OUTCAR", OUTCAR.replace("POTCAR:    PAW_PBE O", "POTCAR:    PAW_PBE C")),
    "a row of qchem": ("a.out", QCHEM.replace(QCHEM_ROW, f" O   0.0   0.0   0.1192620000\n{QCHEM_ROW}")),
    "a cell vector of cp2k": ("a.out", doubled(CP2K, CELL)),
    "rows of cp2k": ("a.out", exchanged(CP2K_2025, "FORCES|      2", "FORCES|      3")),
    "the energy of cp2k": ("a.out", moved(CP2K, " ENERGY|", " ATOMIC FORCES", " SUM OF")),
    "elements of cp2k": ("a.out", CP2K.replace("      1      1      O ", "      1      1      N ")),
}  # fmt: skip


@pytest.mark.parametrize("kind", MIXED_UP)
def test_what_is_mixed_up_is_not_read(kind, tmp_path):
    if "qchem" in kind:
        pytest.importorskip("cclib")
    name, text = MIXED_UP[kind]
    (tmp_path / name).write_text(text, encoding="latin-1")
    found = survey(tmp_path / name)
    assert found.dataset is None
    assert found.defects


@pytest.mark.parametrize("text", [AFTER, GAUSSIAN_STEPS, GAUSSIAN.replace(" SCF Done", f"{REPULSION} SCF Done")])
def test_what_is_right_is_read(text, tmp_path):
    (tmp_path / "a.out").write_text(text)
    assert survey(tmp_path / "a.out").defects == ()


def dynamics(tmp_path, positions=CP2K_POSITIONS, forces=CP2K_FORCES):
    (tmp_path / "water-pos-1.xyz").write_text(positions)
    (tmp_path / "water-frc-1.xyz").write_text(forces)
    return survey(tmp_path / "water-pos-1.xyz").dataset


def test_a_row_too_many_pushes_no_other_out_of_the_frame(tmp_path):
    row = "  H         0.0000000000        0.7632390000       -0.4770470000"
    assert dynamics(tmp_path, positions=doubled(CP2K_POSITIONS, row)) is None


def test_a_block_that_has_been_copied_makes_the_steps_from_there_on_unclear(tmp_path):
    lines = CP2K_FORCES.splitlines(keepends=True)
    found = dynamics(tmp_path, forces="".join(lines[:5] + lines[5:7] + lines[2:5] + lines[5:]))
    assert found.frames.tolist() == [0]


def test_headings_of_steps_that_are_exchanged(tmp_path):
    assert dynamics(tmp_path, positions=exchanged(CP2K_POSITIONS, *CP2K_POSITIONS.splitlines()[1::5])) is None


def test_the_step_before_one_that_is_missing(tmp_path):
    text = [
        CP2K_POSITIONS[: len(CP2K_POSITIONS) // 2].replace("i =        0", f"i = {step:8d}") for step in (0, 1, 2, 4, 5)
    ]
    other = [CP2K_FORCES[: len(CP2K_FORCES) // 2].replace("i =        0", f"i = {step:8d}") for step in (0, 1, 2, 4, 5)]
    assert dynamics(tmp_path, "".join(text), "".join(other)).frames.tolist() == [0, 1, 3, 4]


def test_the_repulsion_of_the_nuclei():
    numbers, positions = np.array([1, 9]), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.529177210903]])
    require_repulsion(numbers, positions, 9.0)
    require_repulsion(np.array([1, 17]), positions, 7.0)  # a pseudopotential
    with pytest.raises(
        ValueError, match=r"stated as 9\.001000 hartree, and that of the geometry before it is 9\.000000"
    ):
        require_repulsion(numbers, positions, 9.001)


def test_the_last_step_of_a_file_that_ends_before_the_other(tmp_path):
    lines = CP2K_FORCES.splitlines(keepends=True)
    assert dynamics(tmp_path, forces="".join(lines[:4] + lines[9:])) is None


def test_a_step_that_is_cut_off_but_has_been_there_before(tmp_path):
    lines = CP2K_POSITIONS.splitlines(keepends=True)
    assert dynamics(tmp_path, positions="".join(lines[:9] + lines[4:8] + lines[9:])) is None
