"""Each way to draw geometries does what its name says."""

import numpy as np
import pytest
from ase import units
from ase.build import molecule
from ase.io import write
from supple.sampling.dynamics import Dynamics
from supple.sampling.modes import Modes, displacements, normal_modes
from supple.sampling.path import Path as ReactionPath
from supple.sampling.scan import Scan

from supple.geometry.constraints import torsion_gradient
from supple.geometry.coordinates import Coordinate
from supple.sampling.context import Bench
from supple.sampling.recipe import Recipe, parse_draw

pytest.importorskip("tblite")


def bench(tmp_path, name="H2O", method="GFN2-xTB", seed=0):
    write(tmp_path / f"{name}.xyz", molecule(name))
    return Bench(str(tmp_path / f"{name}.xyz"), method, method, 0, 1, seed)


def frames(bench, draw, segment=0):
    return list(draw.segments(bench)[segment].frames(bench, 0, None))


def ethanol(tmp_path):
    return bench(tmp_path, "CH3CH2OH")


def test_dynamics_makes_frames_that_move_and_goes_on_from_any(tmp_path):
    table = bench(tmp_path)
    draw = Dynamics(temperature=300.0, frames=6, every=3.0, settle=5.0)
    (segment,) = draw.segments(table)
    made = list(segment.frames(table, 0, None))
    assert len(made) == segment.expected == 6
    assert len({frame.energy for frame in made}) == 6
    rest = list(segment.frames(table, 4, made[3].state))
    for again, before in zip(rest, made[4:], strict=True):
        # To rounding, not to the bit: the reference calculation's sums depend on where its arrays lie.
        np.testing.assert_allclose(again.positions, before.positions, rtol=0, atol=1e-12)
        assert again.energy == pytest.approx(before.energy, abs=1e-9)


@pytest.mark.slow
def test_dynamics_has_its_temperature(tmp_path):
    """Equipartition: the potential energy of springs is (3N-6) kT/2, and (3N-6)/2 kT stands in the momenta."""
    table = bench(tmp_path, method="fake_calculators:springs")
    draw = Dynamics(temperature=300.0, frames=400, every=20.0, settle=2000.0)
    energies = np.array([frame.energy for frame in frames(table, draw)])
    assert energies.mean() == pytest.approx(1.5 * units.kB * 300, rel=0.25)


def test_seeds(tmp_path):
    draw = Dynamics(frames=1, every=2.0, settle=2.0)
    first, again, other = (frames(bench(tmp_path, seed=s), draw)[0].energy for s in (1, 1, 2))
    assert first == again != other


def test_a_rigid_scan_turns_one_side_and_nothing_else(tmp_path):
    table = ethanol(tmp_path)
    draw = Scan.model_validate({"from": 180, "to": 60, "points": 4, "relaxed": False})
    made = frames(table, draw)
    assert [frame.about["coordinate"] for frame in made] == [180, 140, 100, 60]
    atoms = table.start()
    coordinate = Coordinate.of(atoms, None)
    for frame in made:
        atoms.positions = frame.positions
        assert coordinate.value(atoms) % 360 == pytest.approx(frame.about["coordinate"], abs=1e-6)
    still = [k for k in range(9) if k not in coordinate.turning]
    np.testing.assert_allclose(made[0].positions[still], made[-1].positions[still], atol=1e-9)


def test_a_relaxed_scan_holds_the_torsion_and_lies_below_the_rigid_one(tmp_path):
    table = ethanol(tmp_path)
    settings = {"from": 180, "to": -180, "points": 5, "both": False}
    relaxed, rigid = (frames(table, Scan.model_validate(settings | {"relaxed": r})) for r in (True, False))
    atoms = table.start()
    coordinate = Coordinate.of(atoms, None)
    for frame, stiff in zip(relaxed, rigid, strict=True):
        atoms.positions = frame.positions
        off = (coordinate.value(atoms) - frame.about["coordinate"] + 180) % 360 - 180
        assert abs(off) < 1e-4
        assert frame.energy < stiff.energy + 1e-3


def test_the_gradient_of_a_torsion_is_its_derivative():
    atoms = molecule("CH3CH2OH")
    coordinate = Coordinate.of(atoms, None)
    gradient = torsion_gradient(atoms.positions, coordinate.atoms)
    for i in coordinate.atoms:
        for axis in range(3):
            ends = []
            for step in (1e-4, -1e-4):
                moved = atoms.copy()
                moved.positions[i, axis] += step
                ends.append(coordinate.value(moved))
            change = (ends[0] - ends[1] + 180) % 360 - 180
            assert np.radians(change) / 2e-4 == pytest.approx(gradient[i, axis], abs=1e-5)


def test_an_angle_is_scanned_through_180(tmp_path):
    table = bench(tmp_path)
    draw = Scan.model_validate({"torsion": "2-1-3", "from": 104, "to": 256, "points": 5, "both": False})
    made = frames(table, draw)
    atoms = table.start()
    coordinate = Coordinate.of(atoms, "2-1-3")
    values = []
    for frame in made:
        atoms.positions = frame.positions
        values.append(coordinate.value(atoms))
    assert values == pytest.approx([104, 142, 180, 142, 104], abs=0.01)
    assert made[0].energy == pytest.approx(made[-1].energy, abs=0.01)


def test_bursts_about_the_points_of_a_scan_go_on_from_any_frame(tmp_path):
    table = ethanol(tmp_path)
    settings = {"from": 180, "to": 150, "points": 2, "both": False, "bursts": 2, "burst_frames": 2, "burst_every": 2}
    (segment,) = Scan.model_validate(settings).segments(table)
    made = list(segment.frames(table, 0, None))
    assert len(made) == segment.expected == 8
    for done in (1, 3, 4, 7):
        rest = list(segment.frames(table, done, made[done - 1].state))
        assert len(rest) == 8 - done
        np.testing.assert_allclose(rest[0].positions, made[done].positions, atol=1e-12)


def test_normal_modes_of_water(tmp_path):
    table = bench(tmp_path)
    minimum, _ = table.relaxed(table.start(), fmax=1e-3)
    frequencies, modes = normal_modes(minimum, table)
    wavenumbers = frequencies * units._hbar * units.J * units.s / units.invcm
    assert len(modes) == 3
    assert 1300 < wavenumbers[0] < 1800
    assert 3200 < wavenumbers[1] < wavenumbers[2] < 4200


def test_displacements_have_their_width():
    frequency = np.array([0.01 / (units._hbar * units.J * units.s)])  # a quantum of 0.01 eV
    classical = displacements(frequency, 300.0, quantum=False)
    assert 0.5 * (frequency * classical) ** 2 == pytest.approx(units.kB * 300 / 2)
    assert displacements(frequency, 3000.0, True) == pytest.approx(displacements(frequency, 3000.0, False), rel=1e-3)
    assert displacements(frequency, 1.0, True)[0] > displacements(frequency, 1.0, False)[0]


def test_modes_are_equipartitioned(tmp_path):
    """On springs the energy is harmonic: (3N-6) kT/2 on average."""
    table = bench(tmp_path, method="fake_calculators:springs")
    energies = [frame.energy for frame in frames(table, Modes(temperature=50.0, frames=600))]
    assert np.mean(energies) == pytest.approx(1.5 * units.kB * 50, rel=0.15)


def test_a_path_leads_over_a_barrier(tmp_path):
    table = ethanol(tmp_path)
    start = table.start()
    coordinate = Coordinate.of(start, None)
    other = coordinate.turned(start, 120.0, coordinate.normal(start))
    other.positions[0] += 0.05
    write(tmp_path / "other.xyz", other)
    made = frames(table, ReactionPath(to=str(tmp_path / "other.xyz"), images=5, steps=60))
    energies = np.array([frame.energy for frame in made])
    assert len(made) == 5
    assert energies[1:-1].max() > max(energies[0], energies[-1])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1-2", "is no coordinate"),
        ("1-2-99", "names an atom that is not there"),
        ("4-5-6", "are not bonded"),
        ("a-b-c-d", "is no coordinate"),
    ],
)
def test_coordinates_that_cannot_be(text, sentence):
    from supple.errors import SettingsError

    with pytest.raises(SettingsError, match=sentence):
        Coordinate.of(molecule("CH3CH2OH"), text)


def test_a_ring_is_not_turned():
    from supple.errors import SettingsError

    with pytest.raises(SettingsError, match="lies in a ring"):
        Coordinate.of(molecule("C6H6"), "1-2-3")


def test_draws_are_parsed_from_the_command_line():
    assert parse_draw("md:temperature=300+500,frames=20") == {"kind": "md", "temperature": [300, 500], "frames": 20}
    recipe = Recipe.of(molecule="glycine", draws=[parse_draw("scan:torsion=1-2-3-4,from=90,relaxed=false")])
    assert recipe.draws[0].start_at == 90
    assert recipe.draws[0].relaxed is False
