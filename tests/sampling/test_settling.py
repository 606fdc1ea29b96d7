"""Scans that are settled: the lower valley is handed from point to point."""

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from supple.sampling.scan import Scan

import supple
from supple.errors import SettingsError
from supple.geometry.profile import profiles
from supple.sampling import Recipe, sample
from supple.sampling.context import Bench

VALUES = (180.0, 90.0, 0.0, -90.0)
SCAN = {"torsion": "3-1-2-4", "from": 180, "to": -90, "points": 4, "settled": True}


def peroxide(length):
    """H2O2 with an O-O bond of this length, Å."""
    return Atoms("OOHH", [[0, 0, 0], [length, 0, 0], [-0.2, 0.95, 0], [length + 0.2, 0, 0.95]])


@pytest.fixture
def bench(tmp_path):
    write(tmp_path / "peroxide.xyz", peroxide(1.5))
    method = "fake_calculators:valleys"
    return Bench(str(tmp_path / "peroxide.xyz"), method, method, 0, 1, 0)


def earlier(lengths):
    """Frames of scans before, one for each value and length; none where the length is None."""
    lines = []
    for value, length in zip(VALUES, lengths, strict=True):
        if length is None:
            lines.append({"failure": "it failed", "about": {"coordinate": value}})
            continue
        atoms = peroxide(length)
        atoms.set_dihedral(2, 0, 1, 3, value, indices=[3])
        energy = 0.0 if length < 1.4 else 0.1
        about = {"coordinate": value}
        lines.append({"failure": None, "positions": atoms.positions.tolist(), "energy": energy, "about": about})
    return {"earlier": lines}


def settling(bench):
    *_, segment = Scan.model_validate(SCAN).segments(bench)
    return segment


@pytest.mark.parametrize("lengths", [(1.3, 1.5, 1.5, 1.5), (1.5, 1.5, 1.3, 1.5), (1.3, None, 1.5, 1.5)])
def test_every_point_falls_into_the_lower_valley(bench, lengths):
    made = list(settling(bench).frames(bench, 0, earlier(lengths)))
    assert sorted(frame.about["coordinate"] for frame in made) == sorted(
        value for value, length in zip(VALUES, lengths, strict=True) if length != 1.3
    )
    for frame in made:
        assert np.linalg.norm(frame.positions[1] - frame.positions[0]) == pytest.approx(1.3, abs=0.01)
        angle = Atoms("OOHH", frame.positions).get_dihedral(2, 0, 1, 3)
        assert (angle - frame.about["coordinate"] + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_where_all_lie_in_one_valley_nothing_falls(bench):
    assert list(settling(bench).frames(bench, 0, earlier([1.5] * 4))) == []
    assert list(settling(bench).frames(bench, 0, earlier([None] * 4))) == []


def test_it_goes_on_from_any_frame(bench):
    segment = settling(bench)
    made = list(segment.frames(bench, 0, earlier((1.3, 1.5, 1.5, 1.5))))
    for done in (1, 2):
        rest = list(segment.frames(bench, done, made[done - 1].state))
        for again, before in zip(rest, made[done:], strict=True):
            np.testing.assert_array_equal(again.positions, before.positions)


def test_the_ends_of_a_whole_turn_are_neighbours(bench):
    *_, turn = Scan.model_validate(SCAN | {"from": 180, "to": -180, "points": 5}).segments(bench)
    lines = earlier([1.5] * 4)["earlier"]
    lowest = earlier([1.3] * 4)["earlier"][0]
    lines.append(lowest | {"about": {"coordinate": -180.0}})
    made = list(turn.frames(bench, 0, {"earlier": lines}))
    assert made[0].about["coordinate"] == 180
    assert len(made) == 4


def test_a_relaxation_that_fails_is_recorded_and_the_others_go_on(bench):
    broken = Bench(bench.molecule, bench.method, "fake_calculators:breaks", 0, 1, 0)
    made = list(settling(broken).frames(broken, 0, earlier([1.5] * 4)))
    assert {frame.failure for frame in made} == {"the relaxation ended: CalculationFailed: no orbitals"}
    assert len(made) == 6


def test_a_settled_scan_as_a_whole(bench, tmp_path):
    asked = Recipe.of(molecule=bench.molecule, method=bench.method, draws=[{"kind": "scan"} | SCAN])
    made = sample(asked, tmp_path / "out.xyz", jobs=2)
    assert made.failures == ()
    assert made.missing == 0
    data = supple.read(tmp_path / "out.xyz")
    assert (
        data.extras["origin"].tolist()
        == ["scan_H3-O1-O2-H4_180to-90_there"] * 4 + ["scan_H3-O1-O2-H4_180to-90_back"] * 4
    )
    segments = tmp_path / "out.sample" / "segments" / "scan_H3-O1-O2-H4_180to-90_settled.jsonl"
    assert segments.read_text() == '{"ended": true}\n'
    assert len(profiles(data)) == 1


@pytest.mark.parametrize("other", [{"relaxed": False}, {"bursts": 1}, {"torsion": "3-1-2"}])
def test_what_cannot_be_settled_is_refused(bench, other):
    with pytest.raises(SettingsError, match="Only a relaxed scan of a torsion, without bursts, can be settled"):
        Scan.model_validate(SCAN | other).segments(bench)


def test_scans_are_not_settled_unless_it_is_asked_for(bench):
    names = [segment.name for segment in Scan.model_validate(SCAN | {"settled": False}).segments(bench)]
    assert [name.rpartition("_")[2] for name in names] == ["there", "back"]
    assert not any(
        getattr(draw, "settled", False) for name in ("azobenzene", "glycine") for draw in Recipe.load(name).draws
    )
