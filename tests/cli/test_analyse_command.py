"""`supple analyse`: sentences, table, page, JSON and refusals."""

import csv
import json
import re

import numpy as np
import pytest
from cli.conftest import Shell
from matplotlib.figure import Figure
from simulation.analysis.harmonic import trajectory
from toy import toy_dataset

import supple
from supple import Dataset
from supple.data.bundled import bundled_path
from supple.data.writing import write_extxyz


def write_water(path, one):
    conserved = -3.0 + 1e-3 * one.times / 1e3  # 1/3 meV per atom and ps
    extras = {"momenta": one.momenta, "time_fs": one.times, "conserved_eV": conserved}
    write_extxyz(path, Dataset.of(one.numbers, one.positions, extras=extras))


@pytest.fixture(scope="module")
def water(tmp_path_factory):
    shell = Shell(tmp_path_factory.mktemp("water"))
    write_water(shell.folder / "md.xyz", trajectory(n=1000, step=2.0))
    return shell


@pytest.fixture
def only_drawn_as(monkeypatch):
    """Figures are made, but rendered in the given formats alone: rendering takes most of the time of an analysis."""
    render = Figure.savefig

    def savefig(figure, file, *, format, **options):  # noqa: A002  # as matplotlib names it
        if format in savefig.formats:
            render(figure, file, format=format, **options)
        elif format == "svg":
            file.write("<svg></svg>")

    def use(*formats):
        savefig.formats = formats
        monkeypatch.setattr(Figure, "savefig", savefig)

    return use


def test_sentences_table_figures_curves_and_page(water):
    out, _ = water("analyse", "md.xyz")
    for words in ("md.xyz is stable for all 1000 frames, 1.998 ps", "drifts by 0.33", "which is negligible",
                  "that of every kind of motion agrees", "bond H-O", "spectrum, peaks", "md-analysis/analysis.html"):  # fmt: skip
        assert words in out
    folder = water.folder / "md-analysis"
    for name in ("pair-distances", "bonds", "angles", "spectrum", "temperatures", "energies", "stability"):
        assert (folder / f"{name}.png").stat().st_size > 5000
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        lines = list(csv.DictReader((folder / f"{name}.csv").read_text().splitlines()))
        assert len(lines) > 3
        assert "" not in lines[0]
    page = (folder / "analysis.html").read_text()
    assert page.count("<svg") == 7
    assert "currentColor" in page
    assert not re.search(r'(src|href)="(?!#)', page.replace("xlink:href", "href"))  # nothing is fetched
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_json_says_the_same_and_files_say_it_again(water, only_drawn_as):
    only_drawn_as()
    found = water.json("analyse", "md.xyz", "--reference", "md.xyz", "--out", "there")
    assert found["pair_distances"]["difference"] == 0
    assert found["stability"][0] | {"largest_deviation": 0} == {
        "name": "md.xyz", "stable": True, "frame": None, "time_fs": None, "span_fs": 1998.0, "bond": None,
        "largest_deviation": 0,
    }  # fmt: skip
    assert found["drifts"][0]["meV_per_atom_per_ps"] == pytest.approx(1 / 3, rel=1e-6)
    assert found["equipartition"] is True
    kept = json.loads((water.folder / "there" / "analysis.json").read_text())
    assert kept["temperatures"] == found["temperatures"]


@pytest.fixture(scope="module")
def glycine(tmp_path_factory):
    """Geometries alone, as another program may leave them."""
    shell = Shell(tmp_path_factory.mktemp("glycine"))
    data = supple.read(bundled_path("glycine"), labels=False)
    write_extxyz(shell.folder / "glycine.xyz.gz", data.select(np.arange(0, 2400, 8)))
    return shell


def test_a_molecule_with_torsions_beside_its_reference(glycine, only_drawn_as):
    only_drawn_as("png")
    found = glycine.json(
        "analyse", "glycine.xyz.gz", "--reference", "glycine.xyz.gz", "--temperature", 500, "--skip", 150
    )
    assert 0.01 < found["pair_distances"]["difference"] < 1
    torsions = {d["label"] for d in found["distributions"] if d["quantity"] == "torsion"}
    assert {f["torsion"] for f in found["free_energies"]} == torsions
    assert found["temperature_K"] == 500
    assert (glycine.folder / "glycine-analysis" / "free-energies.csv").exists()
    assert (glycine.folder / "glycine-analysis" / "torsions.png").exists()


def test_without_a_temperature_there_are_no_free_energies_but_a_sentence(glycine, only_drawn_as):
    only_drawn_as()
    out, _ = glycine("analyse", "glycine.xyz.gz", "--out", "o")
    assert "No free energies: the temperature is not known; use --temperature." in out
    assert "No temperatures and no spectrum: some frames have no momenta." in out
    assert not (glycine.folder / "o" / "free-energies.csv").exists()


def test_a_broken_molecule_is_exit_code_1(water, only_drawn_as):
    only_drawn_as("svg")
    one = trajectory(n=100)
    positions = one.positions.copy()
    positions[60:, 1] += 2.0
    write_extxyz(water.folder / "broken.xyz", Dataset.of(one.numbers, positions))
    out, _ = water("analyse", "broken.xyz", "--frame-time", 10, code=1)
    assert "broken.xyz is unstable from frame 60, 0.6 ps on: the length of the bond O1-H2" in out
    assert (
        "The trajectory is not stable throughout." in (water.folder / "broken-analysis" / "analysis.html").read_text()
    )


def test_names_are_escaped_on_the_page(shell, only_drawn_as):
    only_drawn_as("svg")
    write_water(shell.folder / "<b>&md.xyz", trajectory(n=100))
    shell("analyse", "<b>&md.xyz", "--out", "o")
    page = (shell.folder / "o" / "analysis.html").read_text()
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;md.xyz" in page


def test_mistakes_are_one_sentence_and_leave_nothing(water):
    write_extxyz(water.folder / "toy.xyz", toy_dataset(5), "kcal/mol")
    (water.folder / "cut.xyz").write_text("3\n\nO 0 0 0\n")
    before = np.array((water.folder / "md.xyz").read_bytes())
    for command, said in [
        (("nowhere.xyz",), "There is no trajectory nowhere.xyz"),
        (("cut.xyz",), "Is its last frame cut short?"),
        (("md.xyz", "toy.xyz"), "toy.xyz is of a different molecule from md.xyz"),
        (("md.xyz", "--reference", "toy.xyz"), "toy.xyz is of a different molecule"),
        (("md.xyz", "--reference", "gone.xyz"), "There is no file gone.xyz"),
        (("md.xyz", "--skip", 999), "has 1000 frames: after --skip 999, fewer than two remain"),
        (
            ("md.xyz", "--temperature", -5),
            "The setting temperature of the analysis: input should be greater than 0 (got -5.0)",
        ),
        (("md.xyz", "--report-units", "parsec"), "'parsec' is not a known energy unit"),
    ]:
        assert said in water.refused("analyse", *command)
    assert before == np.array((water.folder / "md.xyz").read_bytes())
