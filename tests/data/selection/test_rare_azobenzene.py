"""On real frames: the middle of azobenzene's C-N=N-C torsion is rare, and a random draw of 100 has a frame of it or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import supple
from supple.data.selection import split_dataset
from supple.molecule.torsions import rotatable_torsions, torsion_angles


@pytest.mark.real_data
def test_balanced_frames_have_the_middle_of_the_rotation(real_data: Path) -> None:
    file = real_data / "azobenzene_inversion" / "azobenzene_inversion.npz"
    data = supple.read(file, units="kcal/mol", keys="energy=E_true,forces=F")
    torsion = rotatable_torsions(data.numbers, data.positions)[0]
    assert {data.symbols[i] for i in torsion.bond} == {"N"}
    angle = np.abs(torsion_angles(data.positions, [torsion])[:, 0])
    rare = (angle > 30) & (angle < 150)
    assert 0.005 < rare.mean() < 0.02
    found = {
        select: np.mean(
            [rare[list(split_dataset(data, 100, 50, 500, seed, select=select).train)].mean() for seed in (0, 1, 2)]
        )
        for select in ("random", "balanced")
    }
    assert found["random"] < 0.03
    assert found["balanced"] > 0.05
