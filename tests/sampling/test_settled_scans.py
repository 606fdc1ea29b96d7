"""Settled scans: wavefront propagation over the frames of the preceding scans, resumed from its state in JSON."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

import supple
from supple.errors import SettingsError
from supple.sampling import Recipe, sample
from supple.sampling.context import SamplingContext
from supple.sampling.draws.scan import Scan
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.profiles import profiles

VALUES = (180.0, 90.0, 0.0, -90.0)
SCAN = {"torsion": "3-1-2-4", "from": 180, "to": -90, "points": 4, "settled": True}


def peroxide(length):
    """H2O2 with an O-O bond of this length, Å."""
    return Atoms("OOHH", [[0, 0, 0], [length, 0, 0], [-0.2, 0.95, 0], [length + 0.2, 0, 0.95]])


@pytest.fixture
def context(tmp_path):
    write(tmp_path / "peroxide.xyz", peroxide(1.5))
    method = "fake_calculators:valleys"
    return SamplingContext(str(tmp_path / "peroxide.xyz"), method, method, 0, 1, 0)


def earlier(lengths):
    """Frames of earlier scans, one for each value and length."""
    frames = []
    for value, length in zip(VALUES, lengths, strict=True):
        atoms, extras = peroxide(length or 1.5), {"coordinate": value}
        atoms.set_dihedral(2, 0, 1, 3, value, indices=[3])
        if length is None:
            frames.append(LabelledFrame.failed(atoms.positions, "it failed", extras))
        else:
            frames.append(LabelledFrame(atoms.positions, 0.0 if length < 1.4 else 0.1, None, None, extras))
    return frames


def test_points_fall_into_the_lower_valley_and_the_segment_is_resumed_after_any(context):
    *_, segment = Scan.model_validate(SCAN).segments(context)
    made = list(segment.frames(context, 0, None, earlier((1.3, None, 1.5, 1.5))))
    assert sorted(frame.extras["coordinate"] for frame in made) == [-90, 0, 90]
    for frame in made:
        assert np.linalg.norm(frame.positions[1] - frame.positions[0]) == pytest.approx(1.3, abs=0.01)
    for k, frame in enumerate(made):
        rest = list(segment.frames(context, k + 1, json.loads(json.dumps(frame.state))))
        for again, before in zip(rest, made[k + 1 :], strict=True):
            np.testing.assert_array_equal(again.positions, before.positions)


def test_a_settled_scan_as_a_whole(context, tmp_path):
    asked = Recipe.of(molecule=context.molecule, method=context.method, draws=[{"kind": "scan"} | SCAN])
    made = sample(asked, tmp_path / "out.xyz", jobs=2)
    assert made.failures == ()
    assert made.missing == 0
    data = supple.read(tmp_path / "out.xyz")
    origins = ["scan_H3-O1-O2-H4_180to-90_there"] * 4 + ["scan_H3-O1-O2-H4_180to-90_back"] * 4
    assert data.extras["origin"].tolist() == origins
    segments = tmp_path / "out.sample" / "segments" / "scan_H3-O1-O2-H4_180to-90_settled.jsonl"
    assert segments.read_text() == '{"ended": true}\n'
    assert len(profiles(data)) == 1


@pytest.mark.parametrize("other", [{"relaxed": False}, {"bursts": 1}, {"torsion": "3-1-2"}])
def test_what_cannot_be_settled_is_refused(context, other):
    with pytest.raises(SettingsError, match="Only a relaxed scan of a torsion without bursts can be settled"):
        Scan.model_validate(SCAN | other).segments(context)


def test_scans_are_settled_only_where_asked_for(context):
    names = [segment.name for segment in Scan.model_validate(SCAN | {"settled": False}).segments(context)]
    assert [name.rpartition("_")[2] for name in names] == ["there", "back"]
    assert not any(
        getattr(draw, "settled", False) for name in ("azobenzene", "glycine") for draw in Recipe.load(name).draws
    )
