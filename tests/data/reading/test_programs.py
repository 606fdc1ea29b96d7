"""Outputs of each program: the same molecule, energy and forces; what went wrong in them is told frame by frame."""

import gzip
import re

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from data.reading.format_samples import AIMS, CP2K, GAUSSIAN, ORCA, OUTCAR, PSI4, QCHEM, samples

import supple
from supple.data.reading import survey
from supple.data.units import ENERGY, LENGTH
from supple.errors import DataError, SettingsError

HARTREE, PER_BOHR = ENERGY["hartree"], ENERGY["hartree"] / LENGTH["bohr"]
WATER = np.array([[0.0, 0.0, 0.119262], [0.0, 0.763239, -0.477047], [0.0, -0.763239, -0.477047]])
FORCES = np.array([[0.0, 0.0, -0.01], [0.0, 0.004, 0.005], [0.0, -0.004, 0.005]]) * PER_BOHR
ATOMIC = {
    "orca.out": -76.268125, "orca.engrad": -76.268125, "gaussian.log": -76.268125, "psi4.out": -76.268125,
    "qchem.out": -76.268125,
    "cp2k.out": -17.1643447508, "cp2k-2025.out": -17.1643447508, "water-frc-1.xyz": -17.1643447508,
}  # fmt: skip


@pytest.fixture
def output(tmp_path):
    def write(content, name="a.out"):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / name

    return write


def needed(name):
    if name.startswith("qchem"):
        pytest.importorskip("cclib")


@pytest.mark.parametrize("name", ATOMIC)
def test_numbers_of_programs_in_atomic_units(name, tmp_path):
    needed(name)
    for other, content in samples().items():
        (tmp_path / other).write_bytes(content)
    data = supple.read(tmp_path / name)
    assert data.numbers.tolist() == [8, 1, 1]
    np.testing.assert_allclose(data.positions[0], WATER, atol=3e-6)
    np.testing.assert_allclose(data.forces[0], FORCES, atol=1e-7)
    # ASE reads with constants of other years, which differ by some 1e-8
    assert data.energies[0] == pytest.approx(ATOMIC[name] * HARTREE, rel=1e-7)


def test_fhi_aims(output):
    data = supple.read(output(AIMS))
    np.testing.assert_allclose(data.positions[0], WATER, atol=1e-6)
    assert data.energies[0] == pytest.approx(-2075.36138)
    assert data.forces[0, 1].tolist() == [0.0, 0.2, 0.25]
    assert data.source.theory == "pbe"


def test_the_outcar_of_vasp_says_the_same_as_its_xml(tmp_path):
    for name in ("OUTCAR", "vasprun.xml"):
        (tmp_path / name).write_bytes(samples()[name])
    one, other = (supple.read(tmp_path / name) for name in ("OUTCAR", "vasprun.xml"))
    np.testing.assert_allclose(one.positions, other.positions, atol=1e-5)
    np.testing.assert_allclose(one.forces, other.forces)
    assert one.energies[0] == other.energies[0] == pytest.approx(-14.22)  # the free energy, not sigma -> 0


@pytest.mark.parametrize("name", ["psi4.out", "qchem.out", "cp2k.out", "gaussian.log", "orca.engrad"])
def test_compressed(name, output):
    needed(name)
    plain = supple.read(output(samples()[name], name))
    assert supple.read(output(gzip.compress(samples()[name]), f"{name}.gz")).fingerprint == plain.fingerprint


def test_the_level_of_theory_of_gaussian_goes_over_lines_that_are_broken_in_words(output):
    level = supple.read(output(GAUSSIAN)).source.theory
    assert level == "PBE1PBE/def2SVP Integral(Grid=UltraFine) EmpiricalDispersion=GD3BJ"


@pytest.mark.parametrize(
    ("content", "after", "sentence"),
    [
        (ORCA, "Total Charge", "SCF NOT CONVERGED AFTER 125 CYCLES"),
        (GAUSSIAN, " SCF Done", " Convergence criterion not met."),
        (AIMS, "  Total energy components", "  Self-consistency cycle did not converge"),
        (CP2K, "  *** SCF run converged", "  *** SCF run NOT converged ***"),
        (OUTCAR, " POSITION  ", "  EDIFF was not reached (unconverged)"),
        (PSI4, "  Energy and wave function", "  Could not converge SCF iterations in 100 iterations."),
    ],
)
def test_what_did_not_converge_is_refused(content, after, sentence, output):
    path = output(content.replace(after, f"{sentence}\n{after}", 1))
    with pytest.raises(DataError, match="frame 0 is from a calculation that did not converge"):
        supple.read(path)
    assert [defect.name for defect in survey(path).defects] == ["not-converged"]


def two_steps(second):
    """An optimisation by CP2K: the tables twice, the second time with something else."""
    head, table = CP2K.split(" MODULE QUICKSTEP")
    return f"{head} MODULE QUICKSTEP{table} MODULE QUICKSTEP{second(table)}"


def test_of_several_frames_only_those_that_did_not_converge_are_left_out(output):
    path = output(two_steps(lambda table: table.replace("SCF run converged", "SCF run NOT converged")))
    found = survey(path)
    assert [(defect.name, defect.frames) for defect in found.defects] == [("not-converged", (1,))]
    assert found.dataset.frames.tolist() == [0]


def test_tables_of_cp2k_that_do_not_belong_together_are_refused(output):
    with pytest.raises(DataError, match="2 tables of coordinates, 1 energies"):
        supple.read(output(two_steps(lambda table: table.replace("ENERGY|", ""))))
    lines = CP2K.replace("      3      2      H           0.00000000    -0.00400000     0.00500000\n", "")
    with pytest.raises(DataError, match="not of the same atoms"):
        supple.read(output(lines))


def test_the_energy_that_orca_repeats_at_the_end_of_an_optimisation_is_no_frame(output):
    start, gradient = ORCA.index("Number of atoms"), ORCA.index("CARTESIAN GRADIENT")
    end = ORCA.index("                             ****ORCA TERMINATED")
    step = "ORCA GEOMETRY RELAXATION STEP\n\n"
    last = "*** FINAL ENERGY EVALUATION AT THE STATIONARY POINT ***\n\n"
    optimised = ORCA[:end] + step + last + ORCA[start:gradient] + ORCA[end:]
    assert len(supple.read(output(optimised))) == 1
    with pytest.raises(DataError, match="frame 1 has no forces"):
        supple.read(output(optimised.replace(last, "")))


def plain_route(content=GAUSSIAN):
    """With a plain route Gaussian prints the standard orientation alone, but the forces of the input."""
    start, end = (
        content.index("                          Input orientation"),
        content.index("                         Standard"),
    )
    return content[:start] + content[end:]


def test_what_gaussian_prints_in_another_orientation_is_turned_onto_the_input(output):
    data = supple.read(output(plain_route()))
    np.testing.assert_allclose(data.positions[0], WATER, atol=1e-5)
    np.testing.assert_allclose(data.forces[0], FORCES, atol=1e-7)


@pytest.mark.parametrize(
    ("there", "instead"),
    [(" O                     0.        0.        0.11926", " O"), ("0.76324  -0.47705", "0.96324  -0.47705")],
)
def test_forces_of_an_orientation_that_is_not_known_are_refused(there, instead, output):
    path = output(plain_route().replace(there, instead, 1))
    with pytest.raises(DataError, match="for another orientation"):
        supple.read(path)
    assert [defect.name for defect in survey(path).defects] == ["turned"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (QCHEM + QCHEM, "with several jobs, the results of which cannot be told apart: split it"),
        (QCHEM.replace("Gradient of SCF", "Full Analytical Gradient of CIS"), "with gradients of CIS, of which Supple"),
        (QCHEM.replace(" Gradient of SCF Energy", " Full Analytical Gradient"), "with gradients of Full Analytical"),
        (QCHEM.replace("of SCF Energy", "of MP2 Energy"), "1 geometries, 0 energies and 1 gradients"),
        (
            QCHEM.replace("Total energy in the final", "Total power in the final"),
            "1 geometries, 0 energies and 1 gradients",
        ),
    ],
)
def test_lists_of_cclib_that_cannot_be_paired_are_refused(content, reason, output):
    needed("qchem.out")
    with pytest.raises(DataError, match=reason):
        supple.read(output(content))


def test_what_cclib_says_of_the_level_of_theory(output):
    needed("qchem.out")
    about = supple.read(output(QCHEM)).source.about
    assert about == {"theory": "PBE/STO-3G", "charge": "0", "multiplicity": "1"}


def test_an_output_of_two_charges_is_refused(output):
    twice = CP2K.replace(" MODULE", " DFT| Charge              0\n MODULE")
    with pytest.raises(DataError, match="CP2K with charge 0 and 1: split it into one file for each job"):
        supple.read(output(twice + twice.replace("Charge              0", "Charge              1")))


def test_a_crystal_is_refused(output):
    crystal = CP2K.replace("10.000     0.000     0.000", "2.000     0.000     0.000").replace(
        "0.000    10.000     0.000", "0.000     2.000     0.000"
    )
    crystal = re.sub(r"(\|[ab]\| =) +10", r"\1 2", crystal)
    path = output(crystal)
    with pytest.raises(DataError, match="frame 0 is a crystal"):
        supple.read(path)
    assert [defect.name for defect in survey(path).defects] == ["periodic"]


@pytest.mark.parametrize("name", ["a.out", "a.log", "a.txt"])
def test_a_text_of_nobody_is_no_output(name, output):
    with pytest.raises(DataError, match=name):
        supple.read(output("Once upon a time\n" * 20, name))


def test_a_damaged_engrad_is_refused(output):
    with pytest.raises(DataError, match=r"not a complete \.engrad file of ORCA"):
        supple.read(output(samples()["orca.engrad"][:300], "a.engrad"))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("orca.engrad", "an .engrad file of ORCA"),
        ("psi4.out", "an output of Psi4"),
        ("water-frc-1.xyz", "of dynamics of CP2K"),
        ("a.traj", "a file that ASE reads"),
    ],
)
def test_names_of_quantities_mean_nothing_in_files_that_have_none(name, what, output, tmp_path):
    if name == "a.traj":
        ase.io.write(tmp_path / name, _labelled(energy=-2.0))
    elif name.endswith(".xyz"):
        output(samples()[name.replace("-frc-", "-pos-")], name.replace("-frc-", "-pos-"))
    path = tmp_path / name if name == "a.traj" else output(samples()[name], name)
    for keys, given in (("forces=grad*-1", "forces"), ("energy=E,forces=F", "energy and forces")):
        with pytest.raises(SettingsError, match=rf"is {re.escape(what)}, .* leave out {given} in --keys"):
            supple.read(path, keys=keys)
    assert np.isnan(supple.read(path, keys="energy=none").energies).all()


def test_the_energies_of_all_frames_are_of_one_kind(tmp_path):
    both, energy = _labelled(energy=-2.0, free_energy=-2.1), _labelled(energy=-3.0)
    equal = _labelled(energy=-4.0, free_energy=-4.0)
    for frames, expected in (
        ([both, equal], [-2.1, -4.0]),
        ([energy, equal], [-3.0, -4.0]),
        ([energy, energy], [-3.0, -3.0]),
    ):
        ase.io.write(tmp_path / "a.traj", frames)
        assert supple.read(tmp_path / "a.traj").energies.tolist() == expected
    ase.io.write(tmp_path / "a.traj", [both, equal, energy])
    with pytest.raises(DataError, match=r"a\.traj: frame 0 has a free energy, .* frame 2 only an energy"):
        supple.read(tmp_path / "a.traj")
    assert [defect.name for defect in survey(tmp_path / "a.traj").defects] == ["labels-unclear"]


def _labelled(**results):
    atoms = Atoms("OH2", WATER)
    atoms.calc = SinglePointCalculator(atoms, forces=FORCES, **results)
    return atoms
