"""Each way to draw geometries does what its name says, and can be resumed after any frame."""

import numpy as np
import pytest
from ase import units
from ase.io import write

from supple.errors import SettingsError
from supple.geometry.coordinates import Coordinate
from supple.runtime.plugins import Registry
from supple.sampling import Recipe
from supple.sampling.draw_syntax import parse_draw
from supple.sampling.draws import DRAWS
from supple.sampling.draws.base import Draw
from supple.sampling.draws.dynamics import Dynamics
from supple.sampling.draws.modes import Modes
from supple.sampling.draws.path import ReactionPath
from supple.sampling.draws.scan import Scan
from supple.sampling.segments import Segment

pytest.importorskip("tblite")
GFN2 = "GFN2-xTB"


@pytest.fixture
def ethanol(make_context):
    return make_context("CH3CH2OH", GFN2)


def frames(context, draw):
    (segment,) = draw.segments(context)
    return list(segment.frames(context, 0, None))


def test_dynamics_makes_frames_that_move_and_is_resumed_after_any(make_context):
    context = make_context(method=GFN2)
    (segment,) = Dynamics(temperature=300.0, frames=6, every=3.0, settle=5.0).segments(context)
    made = list(segment.frames(context, 0, None))
    assert len(made) == segment.expected == 6
    assert len({frame.energy for frame in made}) == 6
    rest = list(segment.frames(context, 4, made[3].state))
    for again, before in zip(rest, made[4:], strict=True):
        # To rounding, not to the bit: the reference calculation's sums depend on where its arrays lie.
        np.testing.assert_allclose(again.positions, before.positions, rtol=0, atol=1e-12)
        assert again.energy == pytest.approx(before.energy, abs=1e-9)


@pytest.mark.slow
def test_dynamics_has_its_temperature(make_context):
    """Equipartition: the mean potential energy of springs is (3N-6) kT/2."""
    draw = Dynamics(temperature=300.0, frames=400, every=20.0, settle=2000.0)
    energies = np.array([frame.energy for frame in frames(make_context(), draw)])
    assert energies.mean() == pytest.approx(1.5 * units.kB * 300, rel=0.25)


def test_seeds(make_context):
    draw = Dynamics(frames=1, every=2.0, settle=2.0)
    first, again, other = (frames(make_context(method=GFN2, seed=s), draw)[0].energy for s in (1, 1, 2))
    assert first == again != other


def test_a_rigid_scan_labels_its_points(ethanol):
    made = frames(ethanol, Scan.model_validate({"from": 180, "to": 60, "points": 4, "relaxed": False}))
    assert [frame.extras["coordinate"] for frame in made] == [180, 140, 100, 60]
    assert all(frame.energy is not None for frame in made)


@pytest.mark.parametrize("bursts", [0, 2])
def test_a_relaxed_scan_is_resumed_after_any_frame_and_bursts_replace_its_points(ethanol, bursts):
    settings = {"from": 180, "to": 150, "points": 2, "both": False, "burst_frames": 2, "burst_every": 2}
    (segment,) = Scan.model_validate(settings | {"bursts": bursts}).segments(ethanol)
    made = list(segment.frames(ethanol, 0, None))
    assert len(made) == segment.expected == (8 if bursts else 2)
    for done in range(1, len(made), 2):
        rest = list(segment.frames(ethanol, done, made[done - 1].state))
        assert len(rest) == len(made) - done
        np.testing.assert_allclose(rest[0].positions, made[done].positions, atol=1e-12)


def test_modes_are_equipartitioned(make_context):
    """On springs the energy is harmonic: (3N-6) kT/2 on average."""
    energies = [frame.energy for frame in frames(make_context(), Modes(temperature=50.0, frames=600))]
    assert np.mean(energies) == pytest.approx(1.5 * units.kB * 50, rel=0.15)


def test_modes_of_a_saddle_point_are_remarked(make_context):
    """Planar ammonia stays planar when it is relaxed."""
    context = make_context("NH3", GFN2)
    flat = context.start()
    flat.positions = [[0, 0, 0], *([np.cos(t), np.sin(t), 0] for t in np.radians([0, 120, 240]))]
    write(context.molecule, flat)
    first, second = frames(context, Modes(frames=2))
    assert first.remark == "displaced from a saddle point, not from a minimum"
    assert second.remark is None


def test_a_path_leads_over_a_barrier(ethanol, tmp_path):
    start = ethanol.start()
    coordinate = Coordinate.parse(start, None)
    other = coordinate.turned(start, 120.0, coordinate.axis(start))
    other.positions[0] += 0.05
    write(tmp_path / "other.xyz", other)
    made = frames(ethanol, ReactionPath(to=str(tmp_path / "other.xyz"), images=5, steps=60))
    energies = np.array([frame.energy for frame in made])
    assert len(made) == 5
    assert energies[1:-1].max() > max(energies[0], energies[-1])


def test_a_path_to_a_torsion_that_is_turned(make_context):
    context = make_context("CH3CH2OH")
    coordinate = Coordinate.parse(context.start(), None)
    name = "-".join(str(atom + 1) for atom in coordinate.atoms)
    first, last = ReactionPath(to=f"{name}=60").ends(context)
    assert coordinate.value(first) != pytest.approx(60)
    assert coordinate.value(last) == pytest.approx(60)
    assert ReactionPath(to=f"{name}=60").geometries == ()
    with pytest.raises(ArithmeticError, match="both ends relax to the same geometry"):
        frames(context, ReactionPath(to=f"{name}={coordinate.value(first):.1f}"))


def test_a_band_that_does_not_converge_is_remarked(ethanol):
    made = frames(ethanol, ReactionPath(to="7-1-2-3=60", images=3, steps=2, fmax=0.001))
    assert "remains on the band after 2 steps" in made[0].remark
    assert [frame.remark for frame in made[1:]] == [None, None]


def test_draws_are_parsed_from_the_command_line():
    assert parse_draw("md:temperature=300+500,frames=20") == {"kind": "md", "temperature": [300, 500], "frames": 20}
    recipe = Recipe.of(molecule="glycine", draws=[parse_draw("scan:torsion=1-2-3-4,from=90,relaxed=false")])
    assert recipe.draws[0].start_at == 90
    assert recipe.draws[0].relaxed is False
    for text, sentence in (("dream", "is not a way to draw geometries"), ("md:frames", "is not a setting")):
        with pytest.raises(SettingsError, match=sentence):
            parse_draw(text)


class AsItIs(Draw):
    """A plugin's way to draw geometries: the molecule as it is."""

    kind: str = "as-it-is"

    def segments(self, context):
        class Once(Segment):
            name, expected, calculations = "as_it_is", 1, 1

            def frames(self, context, done, state, earlier=()):
                yield from [context.label(context.start())][done:]

        return [Once()]


def test_a_plugin_adds_a_way_to_draw_geometries(make_context, monkeypatch):
    own = {name: f"{DRAWS.get(name).__module__}:{DRAWS.get(name).__name__}" for name in DRAWS}
    registry = Registry(DRAWS.group, DRAWS.noun, own | {"as-it-is": f"{__name__}:AsItIs"})
    monkeypatch.setattr("supple.sampling.draws.DRAWS", registry)
    recipe = Recipe.of(molecule="glycine", draws=[{"kind": "as-it-is"}, {"kind": "md"}])
    assert [draw["kind"] for draw in recipe.model_dump()["draws"]] == ["as-it-is", "md"]
    assert len(frames(make_context(), recipe.draws[0])) == 1
