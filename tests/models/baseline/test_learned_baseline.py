"""A method that is learned itself: what is drawn, how well it is learned, and that the force field no longer calls it."""

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.optimize import BFGS
from fake_calculators import Cheap
from toy import ATOMS, toy_energy, toy_forces

from supple import SGDML, Dataset, load
from supple.errors import CalculationError
from supple.methods.level import Level
from supple.methods.short_dynamics import configurational_temperature, draw_labelled
from supple.models.baseline.settings import Baseline
from supple.runtime.progress import NO_PROGRESS
from supple.runtime.run_directory import RunDirectory

CHEAP = Level("fake_calculators:cheap")
KERNEL = {"sigma": 8.0, "lam": 1e-8, "energies": "learned"}


@pytest.fixture(scope="module")
def minimum():
    """The molecule in a minimum of the method."""  # that of toy.py is not one
    atoms = Atoms(ATOMS.numbers, ATOMS.positions, calculator=CHEAP.calculator())
    BFGS(atoms, logfile=None).run(fmax=1e-4)
    return atoms


@pytest.fixture(scope="module")
def frames(minimum):
    """Frames about the minimum, with the labels of toy.py."""
    positions = torch.tensor(minimum.positions + 0.03 * np.random.default_rng(1).standard_normal((70, 6, 3)))
    labels = toy_energy(positions).numpy(), toy_forces(positions).numpy()
    return Dataset.of(ATOMS.numbers, positions.numpy(), *labels).split(train=20, valid=15, test=35, seed=2)


def drawn(folder, starts, count=20, temperature=300.0):
    return draw_labelled(CHEAP, ATOMS.numbers, starts, temperature, count, folder, NO_PROGRESS)


def test_what_is_drawn_is_labelled_and_drawn_once(minimum, tmp_path):
    starts = minimum.positions + 0.01 * np.random.default_rng(0).standard_normal((20, 6, 3))
    found = drawn(tmp_path, starts)
    assert found.positions.shape == (20, 6, 3)
    for r, energy, forces in zip(found.positions[::7], found.energies[::7], found.forces[::7], strict=True):
        ((point, _),) = CHEAP.single_points(ATOMS.numbers, r[None])
        assert point.energy == pytest.approx(energy, abs=1e-9)
        np.testing.assert_allclose(point.forces, forces, atol=1e-9)
    before = Cheap.calls
    more = drawn(tmp_path, starts, 25)
    assert Cheap.calls <= before + 26  # one trajectory more
    np.testing.assert_array_equal(more.positions[:20], found.positions)
    moved = np.linalg.norm(found.positions.reshape(4, 5, 6, 3)[:, -1] - starts[:4], axis=-1).mean()
    assert 0.02 < moved < 0.5


def test_dynamics_that_fail(tmp_path):
    with pytest.raises(CalculationError, match=r"No dynamics with fake_calculators:breaks succeeded: .*no orbitals"):
        draw_labelled(
            Level("fake_calculators:breaks"), ATOMS.numbers, ATOMS.positions[None], 300, 10, tmp_path, NO_PROGRESS
        )


def test_the_temperature_of_harmonic_vibrations(minimum, monkeypatch):
    """Displacements of a Boltzmann distribution along normal modes show its temperature."""
    atoms = minimum.copy()
    atoms.calc = CHEAP.calculator()
    hessian = _hessian(atoms)
    values, vectors = np.linalg.eigh(hessian)
    stiff = values > 0.5
    rng, kT = np.random.default_rng(0), 8.617333e-5 * 150
    q = rng.standard_normal((200, stiff.sum())) * np.sqrt(kT / values[stiff])
    positions = atoms.positions + (q @ vectors[:, stiff].T).reshape(200, 6, 3)
    forces = np.array([point.forces for point, _ in CHEAP.single_points(ATOMS.numbers, positions)])
    monkeypatch.setattr("supple.methods.short_dynamics._MEASURED", 200)
    found = configurational_temperature(CHEAP, ATOMS.numbers, positions, forces)
    assert found == pytest.approx(150 * values[stiff].sum() / values.sum(), rel=0.1)


def _hessian(atoms, h=1e-3):
    n = 3 * len(atoms)
    start, hessian = atoms.positions.copy(), np.zeros((n, n))
    for k in range(n):
        ends = []
        for step in (h, -h):
            moved = start.copy()
            moved.reshape(-1)[k] += step
            atoms.positions = moved
            ends.append(atoms.get_forces().ravel())
        hessian[k] = (ends[1] - ends[0]) / (2 * h)
    atoms.positions = start
    return (hessian + hessian.T) / 2


def test_the_sum_no_longer_calls_the_method(frames, tmp_path, monkeypatch):
    train, valid, test = frames
    monkeypatch.setattr("supple.models.baseline.learned._MODEL", ("sgdml", {"sigma": 8.0}))  # quick
    called = SGDML(**KERNEL, baseline=CHEAP.name).fit(train, valid, examined=()).evaluate(test, "meV").forces.mae
    settings = SGDML(**KERNEL, baseline=Baseline(method=CHEAP.name, learn=60))
    run = RunDirectory.open(tmp_path / "run", {})
    potential = settings.fit(train, valid, run=run, examined=())
    record = potential.provenance.settings["baseline_record"]
    assert record["learned"] is True
    assert record["learned_from"] == 20 + 55
    assert record["learned_errors"]["forces"]["unit"] == "eV/Å"
    limits = any("The learned baseline limits the accuracy" in note for note in potential.provenance.notes)
    assert limits == (record["learned_errors"]["forces"]["mae"] > 0.5 * potential.provenance.validation.forces.mae)
    before = Cheap.calls
    errors = potential.evaluate(test, "meV").forces.mae
    potential.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(
        load(tmp_path / "m.safetensors").predict(test.positions)[1], potential.predict(test.positions)[1]
    )
    assert Cheap.calls == before
    direct = SGDML(**KERNEL).fit(train, valid, examined=()).evaluate(test, "meV").forces.mae
    assert called < errors < direct
    assert any("is learned from" in note and "its force MAE is" in note for note in potential.provenance.notes)
    again = settings.fit(train, valid, run=run, examined=())  # takes the learned baseline from the run
    assert Cheap.calls <= before + 2 * 30  # but for the temperature
    np.testing.assert_array_equal(again.predict(test.positions)[1], potential.predict(test.positions)[1])
    energies, _ = potential.operations()(torch.tensor(test.positions))
    np.testing.assert_allclose(energies.numpy(), potential.predict(test.positions)[0], atol=1e-7)
