"""Gaps in the torsions: of either sign where a reflection takes one to the other."""

import numpy as np
import pytest
from chains import chain_frames

from supple import Dataset
from supple.checks.context import CheckContext
from supple.checks.coverage import TORSION_COVERAGE
from supple.checks.torsion_bins import TorsionBins


def findings(name, angles):
    numbers, positions = chain_frames(name, np.asarray(angles)[:, None], shaken=0.01)
    return list(TORSION_COVERAGE.run(CheckContext(Dataset.of(numbers, positions), lambda *_: None)))


def spread(*ranges, frames=40):
    """Angles evenly over ranges in degrees, so many in each."""
    return np.concatenate([np.linspace(low + 1, high - 1, frames) for low, high in ranges])


ONE_SIDED = spread((-180, -100), (-100, -60), (20, 60), (60, 100), (-20, 20))


def test_frames_at_the_other_sign_are_frames():
    assert findings("achiral", ONE_SIDED) == []
    (found,) = findings("chiral", ONE_SIDED)
    assert found.name == "torsion-gap"
    assert "Cl5-C2-C3-F4 has frames on both sides of" in str(found)
    assert "to 100°, but none there" in str(found)  # Cl is 120° from F


def test_a_gap_of_both_signs():
    (found,) = findings("achiral", spread((0, 60), (-180, -100), (100, 180)))
    assert "F1-C2-C3-F4 has frames on both sides of ±60 to ±100°, but none there" in str(found)


def test_thin_ranges_of_both_signs_together():
    thin = np.concatenate([spread((0, 60), (100, 180), frames=200), [65.0, 75.0, -85.0, -95.0]])
    (found,) = findings("achiral", thin)
    assert found.name == "torsion-thin"
    assert "from ±60 to ±100°: 4 of 404 frames" in str(found)


def test_a_range_that_ends_at_a_mirror_image_is_no_gap():
    assert findings("achiral", spread((40, 90), (-90, -40))) == []


@pytest.mark.parametrize(
    ("period", "mirrored", "angles", "said"),
    [
        (360.0, True, spread((-180, 0)), "the full circle"),
        (360.0, False, spread((-180, 0)), "-180 to 0°"),
        (360.0, True, spread((-60, 0)), "-60 to 60°"),
        (360.0, True, spread((150, 180)), "150 through 180 to -150°"),
        (360.0, False, spread((150, 180), (-180, -150)), "150 through 180 to -150°"),
        (360.0, True, spread((40, 80)), "±40 to ±80°"),
        (180.0, True, spread((0, 90)), "the full period of 180°"),
        (120.0, False, spread((-60, 60)), "the full period of 120°"),
    ],
)
def test_the_covered_range_in_words(period, mirrored, angles, said):
    assert TorsionBins(period, mirrored).covered(angles) == said
