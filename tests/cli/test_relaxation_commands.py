"""`supple relax`, `scan` and `path` through their real entry point, with a force field of glycine."""

import numpy as np
import pytest
from cli.conftest import Shell
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
        (("relax", "gly.safetensors", "relaxed.xyz", "--out", "x.npz"), "x.npz must end in .xyz"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(command, said, glycine):
    assert said in glycine.refused(*command, "--overwrite")
