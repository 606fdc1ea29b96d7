"""Outputs of programs, databases, folders: read with the right units, refused with a sentence."""

import builtins

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from data.reading.format_samples import ORCA, QCHEM, samples
from toy import toy_dataset

import supple
from supple.data.reading import survey
from supple.data.units import ENERGY, LENGTH
from supple.errors import DataError

HARTREE, PER_BOHR = ENERGY["hartree"], ENERGY["hartree"] / LENGTH["bohr"]


@pytest.fixture
def folder(tmp_path):
    for name, content in samples().items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_orca(folder):
    data = supple.read(folder / "orca.out")
    assert data.energies[0] == pytest.approx(-76.268125 * HARTREE, rel=1e-7)
    assert data.forces[0, 0, 2] == pytest.approx(-0.01 * PER_BOHR, rel=1e-6)
    assert data.source.theory == "PBE def2-SVP"


def test_vasp_takes_the_energy_of_the_forces_and_joins_the_molecule(folder):
    data = supple.read(folder / "vasprun.xml")
    assert data.energies[0] == pytest.approx(-14.22)
    distances = np.linalg.norm(data.positions[0, 0] - data.positions[0, 1:], axis=1)
    assert (distances < 1.1).all()
    assert data.extras["cell"].shape == (1, 9)


def test_cp2k_takes_the_forces_from_the_file_beside(folder):
    data = supple.read(folder / "water-pos-1.xyz")
    assert len(data) == 2
    assert data.energies[1] == pytest.approx(-17.164 * HARTREE)
    assert data.forces[1, 1, 2] == pytest.approx(0.006 * PER_BOHR)


def test_a_folder_of_calculations(tmp_path):
    for k in (10, 2, 1):
        (tmp_path / f"run{k}").mkdir()
        (tmp_path / f"run{k}" / "orca.out").write_text(ORCA.replace("0.119262", f"0.1192{k:02d}"))
        (tmp_path / f"run{k}" / "orca.inp").write_text("! PBE")
    data = supple.read(tmp_path)
    assert data.extras["file"].tolist() == [f"run{k}/orca.out" for k in (1, 2, 10)]
    assert data.source.theory == "PBE def2-SVP"
    assert supple.read(str(tmp_path / "run*" / "orca.out")).fingerprint == data.fingerprint


def test_a_folder_with_other_levels_and_broken_files(tmp_path):
    (tmp_path / "a.out").write_text(ORCA)
    (tmp_path / "b.out").write_text(ORCA.replace("PBE", "HF").replace("0.119262", "0.119"))
    (tmp_path / "c.out").write_text(ORCA[:900])
    (tmp_path / "d.out").write_text(
        ORCA.replace("  H      0.000000    0.7", "  F      0.000000    0.7")
        .replace("   2   H", "   2   F")
        .replace("0.119262", "0.12")
    )
    with pytest.raises(DataError, match=r"c\.out"):
        supple.read(tmp_path)
    found = survey(tmp_path)
    assert {defect.name for defect in found.defects} == {"unreadable", "other-molecule"}
    assert found.dataset.extras["theory"].tolist() == ["PBE def2-SVP", "HF def2-SVP"]


def test_a_calculation_that_did_not_converge_is_refused(tmp_path):
    (tmp_path / "bad.out").write_text(ORCA.replace("Total Charge", "SCF NOT CONVERGED AFTER 125 CYCLES\nTotal Charge"))
    with pytest.raises(DataError, match="did not converge"):
        supple.read(tmp_path / "bad.out")
    assert [defect.name for defect in survey(tmp_path / "bad.out").defects] == ["not-converged"]


def test_an_output_without_forces(tmp_path):
    (tmp_path / "sp.out").write_text(ORCA.replace("CARTESIAN GRADIENT", "NOTHING"))
    with pytest.raises(DataError, match="frame 0 has no forces"):
        supple.read(tmp_path / "sp.out")
    assert len(supple.read(tmp_path / "sp.out", labels=False)) == 1


@pytest.mark.parametrize("name", ["a.traj", "a.json"])
def test_files_of_ase(name, tmp_path):
    clean = toy_dataset(4)
    ase.io.write(tmp_path / name, frames(clean))
    data = supple.read(tmp_path / name)
    np.testing.assert_allclose(data.energies, clean.energies)
    np.testing.assert_allclose(data.forces, clean.forces)


def frames(data):
    made = []
    for m in range(len(data)):
        atoms = Atoms(data.numbers, data.positions[m])
        atoms.calc = SinglePointCalculator(atoms, energy=float(data.energies[m]), forces=data.forces[m])
        made.append(atoms)
    return made


def test_a_database_of_schnetpack_2(tmp_path):
    clean = toy_dataset(4)
    per_ev = 23.060547830619026
    with ase.db.connect(tmp_path / "md.db") as database:
        for m in range(4):
            database.write(
                Atoms(clean.numbers, clean.positions[m]),
                data={"U": [clean.energies[m] * per_ev], "dU": -clean.forces[m] * per_ev},
            )
    database.metadata = {
        "_distance_unit": "Ang", "_property_unit_dict": {"U": "kcal/mol", "dU": "kcal/mol/Ang"}, "theory": "PBE",
    }  # fmt: skip
    data = supple.read(tmp_path / "md.db", keys="energy=U,forces=dU*-1")
    np.testing.assert_allclose(data.energies, clean.energies)
    np.testing.assert_allclose(data.forces, clean.forces)
    assert data.source.theory == "PBE"
    with pytest.raises(DataError, match=r"md\.db has no forces"):
        supple.read(tmp_path / "md.db")


def test_spice_wants_a_molecule_to_be_chosen(tmp_path):
    h5py = pytest.importorskip("h5py")
    clean = toy_dataset(3)
    with h5py.File(tmp_path / "spice.hdf5", "w") as file:
        for k in range(12):
            group = file.create_group(f"mol{k}")
            group["atomic_numbers"] = clean.numbers
            group["conformations"] = clean.positions / LENGTH["bohr"]
            group["dft_total_energy"] = clean.energies / HARTREE
            group["dft_total_gradient"] = -clean.forces / PER_BOHR
            group["smiles"] = ["CO"]
    with pytest.raises(
        DataError, match=r"has 12 molecules \(mol0, mol1, mol10, .*12 in all\)\): choose one with --molecule"
    ):
        supple.read(tmp_path / "spice.hdf5")
    with pytest.raises(DataError, match="has no molecule 'x'"):
        supple.read(tmp_path / "spice.hdf5", molecule="x")
    data = supple.read(tmp_path / "spice.hdf5", molecule="mol7")
    np.testing.assert_allclose(data.forces, clean.forces)
    np.testing.assert_allclose(data.energies, clean.energies)
    assert data.source.about["smiles"] == "CO"


def test_a_folder_of_arrays(tmp_path):
    clean = toy_dataset(3)
    (tmp_path / "labels").mkdir()
    np.save(tmp_path / "z.npy", clean.numbers)
    np.save(tmp_path / "xyz.npy", clean.positions)
    np.save(tmp_path / "labels" / "e.npy", clean.energies)
    np.save(tmp_path / "labels" / "grad.npy", -clean.forces)
    data = supple.read(tmp_path, "eV", keys="numbers=z,positions=xyz,energy=labels/e,forces=labels/grad*-1")
    assert data.fingerprint == clean.fingerprint


@pytest.mark.parametrize("name", ["a.db", "a.h5", "a.traj", "a.json", "vasprun.xml", "orca.out"])
@pytest.mark.parametrize(
    "content", [b"", b"nonsense\n" * 9, b"SQLite format 3\0" + b"\1" * 400, b"\x89HDF\r\n\x1a\n" + b"\0" * 50]
)
def test_damaged_files_are_refused_with_a_sentence(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        supple.read(tmp_path / name)


@pytest.mark.parametrize(("name", "package", "extra"), [("a.h5", "h5py", "hdf5"), ("qchem.out", "cclib", "cclib")])
def test_what_is_not_installed_is_said(name, package, extra, tmp_path, monkeypatch):
    (tmp_path / name).write_text(QCHEM)
    real = builtins.__import__

    def without(module, *rest):
        if module.partition(".")[0] == package:
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match=rf"supple\[{extra}\]"):
        supple.read(tmp_path / name)
