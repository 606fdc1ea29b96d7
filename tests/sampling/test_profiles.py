"""Profiles of the scans and paths among sampled frames."""

import numpy as np

import supple
from supple.data.units import ENERGY
from supple.sampling.profiles import profiles


def test_profiles_are_of_the_lowest_frames_of_scans_without_bursts():
    def scan(name, energies):
        return [(name, float(value), energy) for value, energy in zip((0, 60, 120), energies, strict=True)]

    frames = [
        *scan("scan_A_there", (0.0, 3.0, 1.0)), *scan("scan_A_back", (0.5, 2.0, 1.0)),
        ("scan_A_settled", 60.0, 1.8), ("scan_A_settled", 60.0, 1.5),
        *scan("scan_B", (0.0, 3.0, 1.0)), *scan("scan_B", (0.1, 3.1, 1.1)),
        ("md_A", np.nan, 0.0),
    ]  # fmt: skip
    origin, coordinate, energy = (np.array(column) for column in zip(*frames, strict=True))
    data = supple.Dataset.of(
        [1], np.zeros((len(frames), 1, 3)), energy, None, extras={"origin": origin, "coordinate": coordinate}
    )
    (profile,) = profiles(data)
    assert profile.name == "A"
    np.testing.assert_allclose(profile.energies, np.array([0.0, 1.5, 1.0]) / ENERGY["kcal/mol"])
