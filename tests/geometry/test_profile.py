"""Minima and barriers of energy profiles."""

import numpy as np

from supple.geometry.profile import Profile
from supple.geometry.profile_figure import save_profile_figure

ANGLE = np.arange(-180.0, 181.0, 10.0)
RADIANS = np.radians(ANGLE)


def places(profile, indices):
    return [profile.coordinate[k] for k in indices]


def test_a_profile_names_minima_and_barriers(tmp_path):
    profile = Profile("C1-N7-N8-C9", "°", ANGLE, 5 * (1 - np.cos(2 * RADIANS)) + 1.0 * (1 - np.cos(RADIANS)))
    assert places(profile, profile.minima) == [-180, 0, 180]
    assert [abs(angle) for angle in places(profile, profile.barriers)] in ([90, 90], [100, 100])
    assert profile.sentences()[0] == "minimum at -180°: 2.00 kcal/mol"
    save_profile_figure(profile, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 5000


def test_a_full_turn_has_its_barrier_and_its_minima_at_the_seam_too():
    outside = Profile("t", "°", ANGLE, 3 * (1 + np.cos(3 * (RADIANS + np.pi))))  # highest at 180 and ±60
    assert places(outside, outside.minima) == [-120, 0, 120]
    assert sorted(abs(angle) for angle in places(outside, outside.barriers)) == [60, 60, 180]
    slope = Profile("t", "°", ANGLE, 3 * (1 - np.cos(np.radians(ANGLE - 40))))  # at the seam it only rises
    assert places(slope, slope.minima) == [40]
    assert places(slope, slope.barriers) == [-140]


def test_the_ends_of_a_path_may_be_minima():
    path = Profile("path", "", np.array([0.0, 0.5, 1.0]), np.array([0.0, 5.0, 2.0]))
    assert path.sentences() == [
        "minimum at 0 % of the path: 0.00 kcal/mol",
        "barrier at 50 % of the path: 5.00 kcal/mol",
        "minimum at 100 % of the path: 2.00 kcal/mol",
    ]
