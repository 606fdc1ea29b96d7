"""Labels by workers: of any version only one, each kept as soon as it is there, and none calculated twice."""

import json

import fake_calculators
import numpy as np
import pytest
from ase.build import molecule
from fake_calculators import Springs
from inline_workers import Workers, sample_here

import supple
from supple.data.writing import write_extxyz
from supple.errors import ResourceError, SettingsError
from supple.runtime.workers.backends import LocalBackend
from supple.sampling import Recipe, sample


@pytest.fixture
def file(tmp_path):
    """Thirty geometries of water."""
    water = molecule("H2O")
    positions = water.positions + 0.05 * np.random.default_rng(0).standard_normal((30, 3, 3))
    write_extxyz(tmp_path / "left.xyz", (water.numbers, positions, None, None))
    return tmp_path / "left.xyz"


@pytest.fixture(autouse=True)
def springs(monkeypatch):
    """Of the molecule at rest."""
    r = molecule("H2O").positions
    monkeypatch.setattr(Springs, "rest", np.linalg.norm(r[:, None] - r, axis=2))


def labels(file, method="springs"):
    return Recipe.of(
        molecule=str(file), method=f"fake_calculators:{method}", draws=[{"kind": "frames", "file": str(file)}]
    )


def test_the_same_file_as_on_this_machine(file, tmp_path, monkeypatch):
    workers = Workers()
    made = sample(labels(file), tmp_path / "there.xyz", backend=workers)
    assert (len(made.dataset), made.failures, made.missing) == (30, (), 0)
    assert len(workers.started) == 31  # and the question for the version
    sample_here(monkeypatch)
    sample(labels(file), tmp_path / "here.xyz", jobs=1)
    assert (tmp_path / "there.xyz").read_text() == (tmp_path / "here.xyz").read_text()
    assert "fake_calculators" in made.dataset.source.theory


def test_a_lost_worker_loses_one_label(file, tmp_path):
    with pytest.raises(
        ResourceError, match=r"2 of 30 calculations with .* were lost with their workers \(Its worker was lost\)"
    ):
        sample(labels(file), tmp_path / "out.xyz", backend=Workers(lost=(7, 20)))
    again = Workers()
    made = sample(labels(file), tmp_path / "out.xyz", backend=again)
    assert len(again.started) == 2
    assert len(made.dataset) == 30


@pytest.mark.parametrize("there", [True, False])
def test_what_was_complete_when_it_was_interrupted_is_not_repeated(file, tmp_path, there):
    with pytest.raises(KeyboardInterrupt):
        sample(labels(file), tmp_path / "out.xyz", backend=Workers(stops_after=12))
    (store,) = (tmp_path / "out.sample" / "supple-labels").glob("*.jsonl")
    kept = store.read_text().count("\n") - 1
    assert 8 <= kept <= 12
    backend = Workers() if there else None
    made = sample(labels(file), tmp_path / "out.xyz", backend=backend)
    if there:
        assert len(backend.started) == 30 - kept
    assert len(made.dataset) == 30
    assert store.read_text().count("\n") == 31


def test_workers_that_cannot_calculate(file, tmp_path):
    backend = Workers(lost=range(30))
    with pytest.raises(
        ResourceError, match=r"No calculation with fake_calculators:springs succeeded on the workers: Its"
    ):
        sample(labels(file), tmp_path / "out.xyz", backend=backend)
    assert len(backend.started) < 10


def test_another_version_on_a_worker_is_refused(file, tmp_path, monkeypatch):
    sample(labels(file), tmp_path / "out.xyz", backend=Workers(stops_after=None))
    (tmp_path / "out.sample" / "versions.json").write_text(json.dumps({"versions": ["fake_calculators 0"]}))
    for segment in (tmp_path / "out.sample" / "segments").glob("*.jsonl"):
        segment.write_text("")
    with pytest.raises(
        SettingsError, match=r"A worker has fake_calculators .*, and the labels so far are of fake_calculators 0"
    ):
        sample(labels(file), tmp_path / "out.xyz", backend=Workers())


def test_only_frames_of_a_file(tmp_path):
    recipe = Recipe.of(molecule="glycine", method="fake_calculators:springs")
    with pytest.raises(SettingsError, match="leave out --on, or draw the geometries first"):
        sample(recipe, tmp_path / "out.xyz", backend=Workers())


@pytest.mark.parametrize("backend", [Workers(), None])
def test_failures_are_not_repeated_unless_asked(file, tmp_path, monkeypatch, backend):
    sample_here(monkeypatch)
    recipe = labels(file, "sometimes")
    first = sample(recipe, tmp_path / "out.xyz", jobs=1, backend=backend)
    assert 3 < len(first.failures) < 27
    assert {reason for _, reason in first.failures} == {"no self-consistency"}
    calls = []
    monkeypatch.setattr(
        fake_calculators.Sometimes,
        "calculate",
        lambda self, *a, **k: calls.append(1) or Springs.calculate(self, *a, **k),
    )
    assert sample(recipe, tmp_path / "out.xyz", jobs=1, backend=backend).failures == first.failures
    assert not calls
    healed = sample(recipe, tmp_path / "out.xyz", jobs=1, backend=backend, retry_failed=True)
    assert len(calls) == len(first.failures)
    assert (healed.failures, len(healed.dataset)) == ((), 30)
    np.testing.assert_array_equal(healed.dataset.positions, supple.read(file, labels=False).positions)


@pytest.mark.slow
def test_processes_of_this_machine(file, tmp_path):
    given = supple.read(file, labels=False)
    write_extxyz(tmp_path / "few.xyz", (given.numbers, given.positions[:3], None, None))
    made = sample(labels(tmp_path / "few.xyz"), tmp_path / "out.xyz", backend=LocalBackend(2))
    assert len(made.dataset) == 3


def test_a_template_is_found_from_other_folders_and_may_not_change_its_level(file, tmp_path, monkeypatch):
    """Workers run in folders of their own; frames of two levels must not be mixed."""
    text = (
        "program: Fake\nexecutable: sh\nlevel: one\ncommand: 'cp geometry.xyz result.xyz'\nresults: result.xyz\nunits: eV\n"
        'files: {geometry.xyz: "3\\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.0\\n'
        '{% for line in geometry.splitlines() %}{{ line }} 0.5 0.0 -0.5\\n{% endfor %}"}\n'
    )
    (tmp_path / "fake.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    recipe = Recipe.of(molecule=str(file), method="template:fake.yaml", draws=[{"kind": "frames", "file": str(file)}])

    class Elsewhere(Workers):
        def start(self, name, task, threads):
            with monkeypatch.context() as moved:
                moved.chdir("/")
                super().start(name, task, threads)

    made = sample(recipe, tmp_path / "out.xyz", backend=Elsewhere())
    assert (len(made.dataset), made.failures) == (30, ())
    assert set(made.dataset.energies) == {-1.0}
    (tmp_path / "fake.yaml").write_text(text.replace("level: one", "level: two"))
    with pytest.raises(SettingsError, match="contains a run with other settings"):
        sample(recipe, tmp_path / "out.xyz", backend=Elsewhere())
