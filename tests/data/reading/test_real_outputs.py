"""Outputs of real programs: geometry, energy and forces of each frame belong together, see program_outputs/README.md."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from fuzzing.mutations import mutated
from fuzzing.oracle import verdict

import supple
from supple.data.reading import survey
from supple.errors import DataError

OUTPUTS = Path(__file__).parent / "program_outputs"
RECORD = json.loads((OUTPUTS / "energies.json").read_text())
#: eV/Å: as exact as the program prints forces, or its grid allows.
TOLERANCE = {"psi4": 1e-3, "nwchem": 3e-4, "mopac": 2e-4, "xtb": 2e-5, "cp2k": 5e-3}
FRAMES = {
    "psi4/gradient.out": 1, "psi4/optimisation.out": 4, "psi4/frequencies.out": 6, "psi4/two-jobs.out": 2,
    "psi4/mp2.out": 1, "psi4/ccsd-t.out": 1, "psi4/scan.out": 3,
    "nwchem/gradient.out": 1, "nwchem/optimisation.out": 4, "nwchem/frequencies.out": 4, "nwchem/two-jobs.out": 2,
    "nwchem/mp2.out": 1, "nwchem/open-shell.out": 2, "nwchem/restricted-open-shell.out": 1, "nwchem/scan.out": 3,
    "nwchem/solvent.out": 1,
    "mopac/gradient.out": 1, "mopac/optimisation.out": 1, "mopac/cation.out": 1, "mopac/two-jobs.out": 2,
    "xtb/gradient.engrad": 1, "xtb/gradient": 1, "xtb/cation.engrad": 1,
    "cp2k/gradient.out": 1, "cp2k/cation.out": 1, "cp2k/dynamics-pos-1.xyz": 3, "cp2k/optimisation-pos-1.xyz": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_energy_and_forces_are_those_of_the_geometry(name):
    expected = RECORD[name]
    data = supple.read(OUTPUTS / f"{name}.gz")
    assert len(data) == FRAMES[name]
    assert data.numbers.tolist() == [8, 1, 1]
    np.testing.assert_allclose(data.positions, expected["positions"], atol=2e-6)
    np.testing.assert_allclose(data.energies, expected["energies"], atol=1e-5)
    for forces, gradient in zip(data.forces, expected["gradients"], strict=True):
        if gradient is not None:
            np.testing.assert_allclose(forces.ravel(), -np.array(gradient), atol=TOLERANCE[name.split("/")[0]])


@pytest.mark.parametrize(
    ("name", "theory", "charge", "multiplicity"),
    [
        ("psi4/optimisation.out", "DF-RKS B3LYP/STO-3G", "0", "1"),
        ("psi4/ccsd-t.out", "RHF + CCSD(T)/STO-3G", "0", "1"),
        ("psi4/mp2.out", "DF-RHF + MP2/6-31G", "0", "1"),
        ("nwchem/optimisation.out", "PBE0/sto-3g", "0", "1"),
        ("nwchem/restricted-open-shell.out", "ROHF/6-31g", "1", "2"),
        ("nwchem/solvent.out", "RHF/sto-3g in a solvent", "0", "1"),
        ("mopac/gradient.out", "PM7", "0", "1"),
        ("mopac/cation.out", "AM1 UHF", "1", "2"),
        ("cp2k/gradient.out", "PADE", "0", "1"),
        ("cp2k/cation.out", "PADE", "1", "2"),
    ],
)
def test_the_output_says_level_of_theory_charge_and_multiplicity(name, theory, charge, multiplicity):
    about = supple.read(OUTPUTS / f"{name}.gz").source.about
    assert about == {"theory": theory, "charge": charge, "multiplicity": multiplicity}


@pytest.mark.parametrize(
    ("name", "theory", "charge", "multiplicity"),
    [
        ("psi4/two-jobs.out", ["DF-RHF/STO-3G", "DF-UHF + MP2/STO-3G"], [0, 1], [1, 2]),
        ("nwchem/two-jobs.out", ["RHF/sto-3g", "UHF MP2/6-31g"], [0, 1], [1, 2]),
        ("mopac/two-jobs.out", ["PM7", "AM1 UHF"], [0, 1], [1, 2]),
    ],
)
def test_each_frame_of_two_jobs_knows_its_own(name, theory, charge, multiplicity):
    extras = supple.read(OUTPUTS / f"{name}.gz").extras
    assert extras["theory"].tolist() == theory
    assert extras["charge"].tolist() == charge
    assert extras["multiplicity"].tolist() == multiplicity


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("psi4/numerical.out", "gradients by finite differences of energies"),
        ("nwchem/numerical.out", "gradients by finite differences of energies"),
        ("mopac/solvent.out", "its gradients are not the derivatives of its energies: calculate without EPS"),
        ("mopac/frequencies.out", "without a final heat of formation"),
        ("mopac/scan.out", "without a final heat of formation"),
        ("mopac/internal.out", "0 derivatives with respect to Cartesian coordinates, but 3 atoms have 9"),
        ("mopac/fixed.out", "7 derivatives with respect to Cartesian coordinates, but 3 atoms have 9"),
        ("xtb/gradient.out", r"has no gradients: read NAME\.engrad or the file gradient"),
        ("xtb/optimisation.log", "no frames with forces"),
        ("cp2k/optimisation.out", r"which do not match: of dynamics, read NAME-pos-1\.xyz"),
    ],
)
def test_what_cannot_be_read_right_is_refused_with_the_reason(name, reason):
    with pytest.raises(DataError, match=reason):
        supple.read(OUTPUTS / f"{name}.gz")


@pytest.mark.parametrize("name", ["psi4/failed.out", "nwchem/failed.out"])
def test_the_step_that_did_not_converge_is_named_and_those_before_it_are_read(name):
    path = OUTPUTS / f"{name}.gz"
    with pytest.raises(DataError, match="did not converge"):
        supple.read(path)
    found = survey(path)
    (defect,) = found.defects
    n_before = len(found.dataset)
    assert (defect.name, defect.frames) == ("not-converged", (n_before,))
    assert n_before > 0


def output(name, tmp_path, *changes):
    """A changed copy of an output."""
    text = gzip.decompress((OUTPUTS / f"{name}.gz").read_bytes()).decode("latin-1")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed.out"
    path.write_text(text, encoding="latin-1")
    return path


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("psi4/gradient.out", " SCF GRAD ", " NEW GRAD "),  # a module whose energy is not known
        ("psi4/mp2.out", " Total Energy              =", " Total Power               ="),
        ("psi4/ccsd-t.out", "Wave function    = CCSD_T", "Wave function    = EOM_CCSD"),
        ("psi4/ccsd-t.out", "* CCSD(T) total energy", "* garbled total energy"),
        ("nwchem/gradient.out", "RHF ENERGY GRADIENTS", "TDDFT ENERGY GRADIENTS"),
        ("nwchem/mp2.out", "Total MP2 energy", "Total MP2 power"),
    ],
)
def test_a_gradient_of_an_energy_that_is_not_clear_is_refused(name, old, new, tmp_path):
    path = output(name, tmp_path, (old, new))
    with pytest.raises(DataError, match="does not say clearly of which energy"):
        supple.read(path)
    assert [defect.name for defect in survey(path).defects] == ["unpaired"]


def test_a_number_of_electrons_that_is_missing_is_none(tmp_path):
    path = output("nwchem/open-shell.out", tmp_path, ("  alpha electrons", "  other electrons"))
    multiplicities = supple.read(path).extras["multiplicity"]
    assert np.isnan(multiplicities[0])
    assert multiplicities[1] == 2


def test_a_cycle_whose_gradient_has_another_norm_is_refused(tmp_path):
    path = output("xtb/gradient", tmp_path, ("|dE/dxyz| =  0.0", "|dE/dxyz| =  0.1"))
    with pytest.raises(DataError, match=r"\|dE/dxyz\| is stated as 0\.1"):
        supple.read(path)


def test_a_cycle_with_a_blank_line_in_the_place_of_an_atom_is_refused(tmp_path):
    path = output("xtb/gradient", tmp_path)
    lines = path.read_text().splitlines()
    lines[4] = ""  # the third atom, after $grad, the line of the cycle and two atoms
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="there are 2 rows of coordinates, and 3 of the gradient"):
        supple.read(path)


def test_forces_of_another_energy_than_the_positions_are_no_forces(tmp_path):
    for kind in ("pos", "frc"):
        path = output(f"cp2k/dynamics-{kind}-1.xyz", tmp_path)
        path.rename(tmp_path / f"run-{kind}-1.xyz")
    text = (tmp_path / "run-frc-1.xyz").read_text()
    (tmp_path / "run-frc-1.xyz").write_text(text.replace("E =       -17", "E =       -18", 1))
    with pytest.raises(DataError, match="has another energy in frame 0"):
        supple.read(tmp_path / "run-pos-1.xyz")


def test_a_folder_of_xtb_has_each_calculation_once(tmp_path):
    for name, stored in (
        ("water.engrad", "gradient.engrad"), ("gradient", "gradient"), ("xtb.out", "gradient.out"),
        ("xtbopt.log", "optimisation.log"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(gzip.decompress((OUTPUTS / "xtb" / f"{stored}.gz").read_bytes()))
    for name in ("water.xyz", "xtbopt.xyz"):
        (tmp_path / name).write_text("3\n\nO 0.3 0.2 -0.1\nH 1.1 0.75 0.05\nH -0.35 0.6 0.55\n")
    data = supple.read(tmp_path)
    assert data.extras["file"].tolist() == ["water.engrad"]


@pytest.mark.parametrize("name", ["psi4/mp2.out", "nwchem/gradient.out", "mopac/gradient.out", "xtb/gradient"])
def test_damaged_outputs_are_refused_with_a_sentence_or_read(name, tmp_path):
    content = gzip.decompress((OUTPUTS / f"{name}.gz").read_bytes())
    rng = np.random.default_rng(5)
    for _ in range(10):
        (tmp_path / "a.out").write_bytes(mutated(content, rng).content)
        assert verdict(tmp_path / "a.out") in ("read", "refused")


@pytest.mark.parametrize("name", ["psi4/scan.out", "nwchem/scan.out", "mopac/two-jobs.out", "xtb/gradient"])
def test_of_an_output_that_is_cut_off_each_frame_that_is_left_is_whole(name, tmp_path):
    content = gzip.decompress((OUTPUTS / f"{name}.gz").read_bytes())
    whole = supple.read(OUTPUTS / f"{name}.gz")
    for part in np.linspace(0.35, 1, 12):
        (tmp_path / "a.out").write_bytes(content[: int(part * len(content))])
        found = survey(tmp_path / "a.out").dataset
        if found is not None:
            n = len(found)
            np.testing.assert_array_equal(found.energies, whole.energies[:n])
            np.testing.assert_array_equal(found.positions, whole.positions[:n])
            np.testing.assert_array_equal(found.forces, whole.forces[:n])


def test_a_functional_of_several_parts_is_named_by_all_of_them(tmp_path):
    parts = "Becke 1988 Exchange Functional  1.000 non-local\n     Lee-Yang-Parr Correlation Functional  1.000"
    path = output("nwchem/optimisation.out", tmp_path, ("PBE0 Method XC Functional", parts))
    assert supple.read(path).source.theory.startswith(
        "Becke 1988 Exchange Functional 1.000 + Lee-Yang-Parr Correlation Functional 1.000"
    )
