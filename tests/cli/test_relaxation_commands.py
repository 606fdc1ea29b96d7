"""`supple relax`, `scan` and `path` through their real entry point, with a force field of glycine."""

import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms
from ase.io import write
from cli.conftest import Shell
from fake_calculators import Springs
from matplotlib.figure import Figure

import supple
from supple.data.bundled import bundled_path
from supple.data.writing import write_extxyz


@pytest.fixture(scope="module")
def glycine(tmp_path_factory):
    """A folder with a small force field, and the two conformers of the bundled data relaxed with it."""
    folder = tmp_path_factory.mktemp("glycine")
    data = supple.read(bundled_path("glycine"))
    train, valid, _ = data.split(50, 20, 0, seed=0)
    supple.SGDML(sigma=20.0).fit(train, valid, seed=0).save(folder / "gly.safetensors")
    write_extxyz(folder / "frames.xyz", data.select([0, 600, 1300, 1900]))
    shell = Shell(folder)
    shell.minima = shell.json("relax", "gly.safetensors", "frames.xyz", "--out", "relaxed.xyz", "--frequencies")[
        "minima"
    ]
    return shell


def test_relaxed_geometries_are_few_conformers_and_converged(glycine):
    data = supple.read(glycine.folder / "relaxed.xyz")
    assert np.linalg.norm(data.forces, axis=2).max() <= 1e-3
    assert (np.diff(data.energies) >= 0).all()
    assert sorted(data.extras["frame"]) == [0, 1, 2, 3]
    conformers = {one["conformer"] for one in glycine.minima}
    assert conformers == set(range(1, len(conformers) + 1))
    assert 1 < len(conformers) < 4
    lowest = glycine.minima[0]["wavenumbers_per_cm"]
    assert len(lowest) == 24
    assert lowest[0] > 0
    assert 3200 < lowest[-1] < 3800


def test_the_table_names_conformers_by_their_torsions(glycine):
    out, _ = glycine("relax", "gly.safetensors", "frames.xyz", "--most", 2, "--out", "two.xyz", "--frequencies")
    assert "2 geometries relax to" in out
    assert "N1-C2-C3-O4 " in out
    assert "cm⁻¹" in out
    assert "supple scan gly.safetensors two.xyz" in out
    glycine("relax", "gly.safetensors", "frames.xyz", "--most", 1, "--steps", 1, "--out", "cut.xyz", code=1)


def test_a_scan_by_the_label_that_check_prints(glycine, monkeypatch):
    found = glycine.json("scan", "gly.safetensors", "relaxed.xyz", "--torsion", "N1-C2-C3-O4", "--points", 12)
    assert found["torsion"] == "N1-C2-C3-O4"
    np.testing.assert_allclose(found["degrees"], np.arange(-150, 181, 30))
    data = supple.read(glycine.folder / "relaxed-scan.xyz")
    np.testing.assert_allclose(data.extras["torsion_degrees"], found["degrees"])
    assert min(found["energies_eV"]) == pytest.approx(glycine.minima[0]["energy_eV"], abs=0.02)
    assert (glycine.folder / "relaxed-scan.png").stat().st_size > 5000
    assert (glycine.folder / "relaxed-scan.pdf").read_bytes().startswith(b"%PDF")
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **options: None)  # rendered above
    out, _ = glycine(
        "scan", "gly.safetensors", "relaxed.xyz", "--torsion", "1-2-3-4", "--points", 6, "--out", "again.xyz"
    )
    assert "N1-C2-C3-O4: minimum at" in out
    assert "energy / kcal/mol" in out


def test_a_path_between_two_conformers(glycine, monkeypatch):
    labels = [one["conformer"] for one in glycine.minima]
    there = next(k for k, label in enumerate(labels) if label != labels[0])
    found = glycine.json("path", "gly.safetensors", "relaxed.xyz", "--from", 0, "--to", there, "--images", 7)
    assert found["settled"]
    first, back = found["barriers_eV"]
    assert 0 < back <= first < 0.6
    assert first - back == pytest.approx(glycine.minima[there]["energy_eV"] - glycine.minima[0]["energy_eV"], abs=1e-3)
    assert len(supple.read(glycine.folder / "relaxed-path.xyz")) == 7
    assert (glycine.folder / "relaxed-path.png").stat().st_size > 5000
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **options: None)  # rendered above
    ends = ("path", "gly.safetensors", "relaxed.xyz", "--from", 0, "--to", there)
    out, err = glycine(*ends, "--images", 5, "--steps", 10, "--out", "short.xyz", code=1)
    assert "Along the path: minimum at 0 % of the path" in out
    assert "remains on the band after 10 steps: use more --images or --steps." in err


REFERENCE = ("--reference", "fake_calculators:springs")


@pytest.fixture
def springs(glycine, monkeypatch):
    """The folder, where springs about the geometry that they see first are the reference; figures are not rendered."""
    monkeypatch.setattr(Springs, "rest", None)
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **options: None)
    return glycine


def test_conformers_and_frequencies_beside_those_of_a_reference(springs):
    words = ("relax", "gly.safetensors", "relaxed.xyz", "--frequencies", *REFERENCE)
    found = springs.json(*words, "--out", "one.xyz")
    first, *others = found["reference"]["conformers"]
    assert found["reference"]["method"] == "fake_calculators:springs"
    assert (first["conformer"], first["reference_conformer"], first["kcal_per_mol"]) == (1, 1, 0.0)
    assert first["rmsd_angstrom"] == pytest.approx(0, abs=1e-3)  # it is what the springs have seen first
    assert len(first["reference_wavenumbers_per_cm"]) == len(first["wavenumber_differences_per_cm"]) == 24
    assert others
    assert found["figures"] == ["one-frequencies.png", "one-frequencies.pdf"]
    reference = supple.read(springs.folder / "one-reference.xyz")
    assert reference.source.theory == "fake_calculators:springs"
    assert np.linalg.norm(reference.forces, axis=2).max() <= 1e-3
    out, _ = springs(*words, "--out", "compared.xyz")
    assert "Harmonic frequencies of conformer 1 / cm⁻¹:" in out
    assert "cm⁻¹ on average, and by" in out
    assert "compared-reference.xyz  the conformers relaxed with fake_calculators:springs" in out


def test_a_scan_beside_that_of_a_reference(springs):
    words = ("scan", "gly.safetensors", "relaxed.xyz", "--points", 4, *REFERENCE)
    out, _ = springs(*words, "--out", "turn.xyz")
    assert "kcal/mol on average" in out
    assert "turn-reference.xyz  those of fake_calculators:springs" in out
    assert len(supple.read(springs.folder / "turn-reference.xyz")) == 4


def test_atoms_that_the_file_fixes_stay(glycine):
    start = supple.read(glycine.folder / "frames.xyz")
    atoms = Atoms(start.numbers, start.positions[0], constraint=FixAtoms([0, 1, 2]))
    write(glycine.folder / "fixed.xyz", atoms)
    out, _ = glycine("relax", "gly.safetensors", "fixed.xyz", "--out", "stay.xyz")
    assert "Atoms that the file fixes stayed in place in 1 of them." in out
    moved = np.abs(supple.read(glycine.folder / "stay.xyz").positions[0] - start.positions[0]).max(axis=1)
    assert moved[:3].max() < 1e-6
    assert moved[3:].min() > 1e-4
    for words, said in (
        (("scan",), "The scan moves all atoms, but frame 0 of fixed.xyz fixes some"),
        (("path",), "The band moves all atoms, but frame 0 of fixed.xyz fixes some"),
        (("relax", *REFERENCE), "A comparison with a reference moves all atoms"),
        (("relax", "--frequencies"), "With fixed atoms a relaxed geometry is not a minimum"),
    ):
        assert said in glycine.refused(words[0], "gly.safetensors", "fixed.xyz", *words[1:])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("scan", "gly.safetensors", "relaxed.xyz", "--torsion", "C1-C2-C3-O4"), "Atom 1 of the molecule is N, not C"),
        (("scan", "gly.safetensors", "relaxed.xyz", "--torsion", "1-2"), "'1-2' is not a torsion"),
        (
            ("scan", "gly.safetensors", "relaxed.xyz", "--frame", 9),
            "has no frame 9: its frames are numbered from 0 to 3",
        ),
        (("scan", "gly.safetensors", "relaxed.xyz", "--out", "relaxed.xyz"), "is an input file"),
        (("scan", "gone.safetensors", "relaxed.xyz"), "There is no model file gone.safetensors"),
        (("path", "gly.safetensors", "relaxed.xyz", "--to", 4), "has no frame 4"),
        (("path", "gly.safetensors", "relaxed.xyz", "--from", 1, "--to", 1), "Both ends relax to the same geometry"),
        (("path", "gly.safetensors", "relaxed.xyz", "--images", 2), "at least 3 images"),
        (("relax", "gly.safetensors", "gone.xyz"), "There is no file gone.xyz"),
        (("relax", "gly.safetensors", "relaxed.xyz", "--charge", 1), "those of the reference method: add --reference"),
        (("scan", "gly.safetensors", "relaxed.xyz", *REFERENCE, "--charge", 1), "sets charge and multiplicity itself"),
        (("scan", "gly.safetensors", "relaxed.xyz", "--reference", "B3LYP"), "'B3LYP' is not a known method"),
        (("relax", "gly.safetensors", "relaxed.xyz", "--out", "x.npz"), "x.npz must end in .xyz"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(command, said, glycine):
    assert said in glycine.refused(*command, "--overwrite")
