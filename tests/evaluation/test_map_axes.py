from __future__ import annotations

import numpy as np
import pytest
from chains import chain_frames
from toy import toy_dataset

import supple
from supple.data.bundled import bundled_path
from supple.data.dataset import Dataset
from supple.evaluation.map_axes import map_axes


def mirrored(data: Dataset) -> Dataset:
    return Dataset.of(data.numbers, data.positions * [1, 1, -1])


def test_azobenzene_is_seen_by_torsion_and_inversion() -> None:
    data = supple.read(bundled_path("azobenzene")).select(range(0, 1392, 5))
    first, second = map_axes(data)  # type: ignore[misc]
    assert first.label.startswith("torsion C") and first.label.count("N") == 2
    assert second.label == "wider angle CNN (°)"
    assert first.values.min() >= 0 and np.ptp(first.values) > 150
    assert (second.values > 100).all() and (second.values <= 180).all()


def test_glycine_is_seen_by_its_two_torsions() -> None:
    first, second = map_axes(supple.read(bundled_path("glycine")).select(range(0, 2400, 10)))  # type: ignore[misc]
    assert first.label.startswith("torsion") and second.label.startswith("torsion")
    assert first.label != second.label


def test_a_mirror_image_is_the_same_molecule() -> None:
    data = supple.read(bundled_path("glycine")).select(range(0, 2400, 20))
    for one, other in zip(map_axes(data), map_axes(mirrored(data)), strict=True):  # type: ignore[arg-type]
        np.testing.assert_allclose(one.values, other.values, atol=1e-6)


def test_a_molecule_that_does_not_turn_has_none() -> None:
    assert map_axes(toy_dataset(20).select([0] * 10)) is None


def test_the_sign_of_a_torsion_stays_in_a_chiral_molecule() -> None:
    angles = np.linspace(-175, 175, 71)[:, None]
    for name, lowest in (("achiral", 0), ("racemic", -180)):
        numbers, positions = chain_frames(name, angles)
        first, _ = map_axes(Dataset.of(numbers, positions))  # type: ignore[misc]
        assert first.values.min() == pytest.approx(lowest, abs=6)
