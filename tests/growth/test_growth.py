"""The whole loop, with a method that costs nothing: what it leaves behind, and that an interruption changes nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ase.build import molecule as named
from cli.conftest import Shell
from inline_workers import Workers, sample_here

from supple import SGDML, load, read
from supple.errors import DataError, MoleculeError, ResourceError, SettingsError
from supple.growth.growth import grow
from supple.growth.settings import Goal, GrowthSettings

METHOD = "fake_calculators:springs"
GOAL = Goal.of("1e-6 meV/Å", 40)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Short dynamics, a model whose settings are given, no worker processes."""
    with pytest.MonkeyPatch.context() as patch:
        sample_here(patch)
        rest = named("CH3OH").positions + 0.02 * np.random.default_rng(0).standard_normal((6, 3))
        patch.setattr("fake_calculators.Springs.rest", np.linalg.norm(rest[:, None] - rest, axis=2))
        patch.setattr("supple.growth.dynamics._SHORTEST", 100.0)
        patch.setattr("supple.growth.dynamics._LONGEST", 100.0)
        patch.setattr("supple.growth.dynamics._OF_TEST", 50.0)
        patch.setattr("supple.growth.dynamics.EVERY", 10.0)
        patch.setattr("supple.growth.growth._EXPLORED", 60)
        patch.setattr(GrowthSettings, "model_settings", lambda self, *_: SGDML(sigma=8.0, lam=1e-8, energies="learned"))
        yield


@pytest.fixture(scope="module")
def molecule(tmp_path_factory):
    file = tmp_path_factory.mktemp("molecule") / "methanol.xyz"
    named("CH3OH").write(file)
    return file


def settings(molecule, **more):
    return GrowthSettings(**({"molecule": str(molecule), "method": METHOD, "drive": METHOD, "baseline": "none"} | more))


@pytest.fixture(scope="module")
def grown(molecule, tmp_path_factory):
    return grow(settings(molecule), GOAL, tmp_path_factory.mktemp("grown") / "out")


def calculated(result):
    """How many calculations are kept."""
    files = (result.data.parent / "supple-labels").glob("*.jsonl")
    (labels,) = [file for file in files if "explored" not in file.name]
    return len(labels.read_text().splitlines()) - 1


def test_what_it_leaves_behind(grown):
    data = read(grown.data, units="meV")
    assert (len(data), grown.calculations) == (40, 40)
    parts = data.extras["part"].tolist()
    assert parts.count("test") == grown.error.frames == 10
    assert data.extras["round"].tolist() == sorted(data.extras["round"].tolist())
    assert set(data.extras["reason"][:10]) == {"exploration"}
    assert set(data.extras["reason"][10:]) <= {"dynamics", "uncertain", "left"}
    assert len(data.duplicates) == 0
    potential = load(grown.model)
    test = data.select([i for i, part in enumerate(parts) if part == "test"])
    assert potential.evaluate(test, "eV").forces.rmse == pytest.approx(grown.error.rmse, rel=1e-6)
    assert not set(test.frame_hashes) & set(potential.provenance.seen_frames)


def test_the_stated_error(grown):
    shown = grown.to_json()
    stated = shown["stated_error"]
    assert stated["low"] < stated["value"] < stated["high"]
    assert (stated["unit"], stated["frames"], shown["stopped_because"]) == ("meV/Å", 10, "budget spent")
    assert json.loads(json.dumps(shown)) == shown
    page = grown.report.read_text()
    assert grown.stated_error() in page
    assert "Error against calculations" in page
    assert "budget of 40 calculations was spent" in page


def test_validation_frames_keep_their_part(grown):
    first, last = (
        json.loads((grown.data.parent / "rounds" / number / "training" / "split.json").read_text())
        for number in ("00", "01")
    )
    assert set(first["train"]) < set(last["train"])
    assert set(first["valid"]) < set(last["valid"])


def test_a_finished_run_calculates_nothing_and_a_larger_budget_goes_on(grown, molecule, tmp_path):
    before = calculated(grown)
    again = grow(settings(molecule), GOAL, grown.data.parent)
    assert (calculated(again), again.records) == (before, grown.records)
    more = grow(settings(molecule), Goal.of("1e-6 meV/Å", 60), grown.data.parent)
    assert 52 < more.calculations <= 60
    assert calculated(more) - before == more.calculations - grown.calculations
    old = {record.kind for record in more.records[:-1]}
    assert old == {"first", "growth", "test"}  # the first test is trained on by now
    assert more.error.frames == 10


class _Interrupt:
    """Stops at a report of progress."""

    def __init__(self, after):
        self.left = after

    def note(self, sentence):
        self.step()

    def step(self, *_):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("every", [3, 7])
def test_interruptions_change_nothing(molecule, tmp_path, every):
    goal = Goal.of("1e-6 meV/Å", 30)
    whole = grow(settings(molecule, seed=1), goal, tmp_path / "whole")
    interruptions = 0
    while True:
        try:
            parts = grow(
                settings(molecule, seed=1),
                goal,
                tmp_path / "parts",
                progress=_Interrupt(every * (1 + interruptions)),
            )
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions > 2
    a, b = read(whole.data, units="meV"), read(parts.data, units="meV")
    np.testing.assert_array_equal(a.positions, b.positions)
    np.testing.assert_array_equal(a.forces, b.forces)
    assert load(whole.model).predict(a.positions)[0].tolist() == load(parts.model).predict(a.positions)[0].tolist()


def test_a_lost_worker_loses_one_label(molecule, tmp_path):
    goal = Goal.of("1e-6 meV/Å", 20)
    with pytest.raises(ResourceError, match=r"2 of 9 calculations with .* were lost with their workers"):
        grow(settings(molecule), goal, tmp_path / "there", backend=Workers(lost=(3, 7)))
    again = Workers()
    there = grow(settings(molecule), goal, tmp_path / "there", backend=again)
    assert len(again.ever) == 2 + 10  # those that were lost, and the test
    finished = Workers()
    assert grow(settings(molecule), goal, tmp_path / "there", backend=finished).records == there.records
    assert not finished.ever
    here = grow(settings(molecule), goal, tmp_path / "here")
    assert there.data.read_text() == here.data.read_text()


def test_calculations_of_another_version_are_not_mixed(grown, molecule):
    versions = grown.data.parent / "versions.json"
    kept = versions.read_text()
    versions.write_text('{"versions": ["fake_calculators 0"]}')
    with pytest.raises(
        SettingsError, match=r"are of fake_calculators 0, and this machine has fake_calculators \w+: install"
    ):
        grow(settings(molecule), GOAL, grown.data.parent)
    versions.write_text(kept)


def test_other_settings_are_refused(grown, molecule):
    with pytest.raises(SettingsError, match=r"temperature was 300\.0, is now 400\.0"):
        grow(settings(molecule, temperature=400), GOAL, grown.data.parent)


def test_a_method_that_always_fails(molecule, tmp_path):
    with pytest.raises(DataError, match=r"Only 0 of the first calculations with fake_calculators:breaks succeeded"):
        grow(settings(molecule, method="fake_calculators:breaks"), GOAL, tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--target", "soon"], "'soon' is not a force error"),
        (["--drive", METHOD], "is the method itself"),
        (["--charge", 1], "leave out --charge"),
    ],
)
def test_mistakes_end_with_a_sentence_and_leave_nothing(molecule, tmp_path, options, sentence):
    drive = [] if "--drive" in options else ["--drive", "fake_calculators:cheap"]
    _, err = Shell(tmp_path)("grow", molecule, "--method", METHOD, *drive, *options, code=2)
    assert sentence in err
    assert not list(tmp_path.iterdir())


def test_it_starts_from_frames_that_there_are(grown, molecule, tmp_path):
    data = read(grown.data, units="meV")
    old = data.select([i for i, number in enumerate(data.extras["round"]) if number == 0])
    more = grow(settings(molecule), Goal.of("1e-6 meV/Å", 20), tmp_path / "out", data=old)
    assert [record.kind for record in more.records] == ["growth", "test"]
    assert more.calculations == 20
    reasons = read(more.data, units="meV").extras["reason"].tolist()
    assert reasons.count("given") == len(old)
    assert not list((tmp_path / "out" / "supple-labels").glob("*explored*"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda one: (one.energies + 1.0, one.forces), r"its energy by 1e\+03 meV, its forces by up to \S+ meV/Å"),
        (lambda one: (one.energies, 1.1 * one.forces), r"its energy by 0 meV, its forces by up to \d+\.?\d* meV/Å"),
    ],
)
def test_labels_of_another_method_are_refused(grown, molecule, tmp_path, change, sentence):
    data = read(grown.data, units="meV")
    energies, forces = change(data)
    other = replace(data, energies=energies, forces=forces)
    with pytest.raises(DataError, match=f"calculated again with {METHOD}, differs from the file: {sentence}"):
        grow(settings(molecule), GOAL, tmp_path / "out", data=other)
    assert not (tmp_path / "out").exists()


def test_given_frames_at_which_the_method_fails_are_refused(grown, molecule, tmp_path):
    with pytest.raises(DataError, match=r"fails at 3 geometries of data.xyz \(no orbitals.*\): give the method"):
        grow(settings(molecule, method="fake_calculators:breaks"), GOAL, tmp_path / "out", data=read(grown.data))


def test_frames_of_another_molecule_are_refused(molecule, tmp_path):
    with pytest.raises(MoleculeError, match="give a geometry of the file as the molecule"):
        grow(settings(molecule), GOAL, tmp_path / "out", data=read("glycine"))
    assert not (tmp_path / "out").exists()
