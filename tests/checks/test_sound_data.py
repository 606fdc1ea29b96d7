"""Sound data of unusual kinds are not accused: relaxed and hot frames together, walls, several spellings of one method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from toy import ATOMS, toy_dataset, toy_energy, toy_forces

from supple import read
from supple.checks import Finding, examine
from supple.data.dataset import Dataset
from supple.models.kernel.direct_fit import small_kernel_model

RNG_SEED = 5
KCAL = 23.060548


def labelled(positions: np.ndarray) -> Dataset:
    r = torch.tensor(positions)
    return Dataset.of(ATOMS.numbers, positions, toy_energy(r).numpy(), toy_forces(r).numpy(), name="toy.xyz")


def minimum() -> np.ndarray:
    found = minimize(
        lambda x: float(toy_energy(torch.tensor(x.reshape(1, -1, 3)))[0]),
        ATOMS.positions.ravel(),
        jac=lambda x: -toy_forces(torch.tensor(x.reshape(1, -1, 3))).numpy().ravel(),
        options={"gtol": 1e-6},
    )
    return np.asarray(found.x).reshape(-1, 3)


def near_minimum(n_frames: int, amplitude: float) -> np.ndarray:
    noise = np.random.default_rng(RNG_SEED).standard_normal((n_frames, len(ATOMS), 3))
    return minimum() + amplitude * noise


def together(*parts: Dataset, times: tuple[float, ...] = ()) -> Dataset:
    """Frames of several datasets, the forces of each multiplied by a factor."""
    factors = times or (1.0,) * len(parts)
    return Dataset.of(
        ATOMS.numbers,
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.energies for part in parts]),
        np.concatenate([part.forces * k for part, k in zip(parts, factors, strict=True) if part.forces is not None]),
        name="toy.xyz",
    )


def names(data: Dataset) -> list[str]:
    return [finding.name for finding in examine(data, small_kernel_model)]


@pytest.mark.parametrize("n_hot", [60, 5])
@pytest.mark.parametrize("amplitude", [0.0005, 0.002])
def test_small_forces_of_relaxed_frames_are_no_other_unit(n_hot: int, amplitude: float) -> None:
    relaxed, hot = labelled(near_minimum(40, amplitude)), toy_dataset(n_hot)
    assert not {"mixed-scale", "force-outlier", "energy-outlier", "energy-zero"} & set(names(together(relaxed, hot)))


def test_residual_forces_of_an_optimiser_are_no_other_unit() -> None:
    relaxed = labelled(near_minimum(40, 0.0005))
    assert relaxed.forces is not None
    forces = np.random.default_rng(1).normal(scale=0.01, size=relaxed.forces.shape)
    left = Dataset.of(ATOMS.numbers, relaxed.positions, relaxed.energies, forces)
    assert "mixed-scale" not in names(together(left, toy_dataset(60)))


@pytest.mark.parametrize(("times", "few"), [(KCAL, 30), (1 / 51.422, 30), (1 / 51.422, 4), (KCAL, 4)])
def test_another_unit_is_found_among_many_and_among_few(times: float, few: int) -> None:
    assert "mixed-scale" in names(together(toy_dataset(60), toy_dataset(few, seed=1), times=(1.0, times)))


def test_the_first_steps_of_an_optimisation_are_no_outliers_but_wrong_labels_are() -> None:
    relaxed = labelled(near_minimum(60, 0.003))
    for n_first in (4, 12):
        start = labelled(near_minimum(n_first, 0.12))
        assert not {"force-outlier", "energy-outlier"} & set(names(together(relaxed, start)))
    wrong = together(relaxed, labelled(near_minimum(4, 0.0031)), times=(1.0, 60.0))
    assert "force-outlier" in names(wrong)


def test_one_level_of_theory_in_several_spellings() -> None:
    data = toy_dataset(20)

    def with_levels(*levels: str) -> Dataset:
        return Dataset.of(
            data.numbers, data.positions, data.energies, data.forces, extras={"theory": np.resize(levels, 20)}
        )

    assert "mixed-theory" not in names(with_levels("B3LYP/def2-SVP", "b3lyp / DEF2-SVP", "B3LYP/def2-svp "))
    found = examine(with_levels("PBE", "pbe ", "PBE0"), small_kernel_model)
    (mixed,) = [finding for finding in found if finding.name == "mixed-theory"]
    assert "PBE (14), PBE0 (6)" in mixed.sentence
    assert mixed.frames == (2, 5, 8, 11, 14, 17)


def test_units_that_a_program_fixes_are_not_judged() -> None:
    from dataclasses import replace

    data = toy_dataset(20)
    far = Dataset.of(data.numbers, data.positions * 3, data.energies, data.forces)
    assert "units" in names(far)
    assert "units" not in names(replace(far, source=replace(far.source, units_known=True)))


def test_a_finding_can_be_printed_whatever_the_file_contains() -> None:
    finding = Finding("mixed-theory", "serious", "theory \x1b[31mPBE", "remove \x07it", file="a\x00.xyz")
    assert str(finding) == r"a\x00.xyz: theory \x1b[31mPBE; remove \x07it."


def test_the_wall_of_a_curve_is_sound_and_a_wrong_force_on_it_is_not() -> None:
    r = np.linspace(3.2, 6.0, 40)
    energies = 0.05 * ((3.7 / r) ** 12 - 2 * (3.7 / r) ** 6)
    pull = 0.6 / r * ((3.7 / r) ** 12 - (3.7 / r) ** 6)
    positions, forces = np.zeros((40, 2, 3)), np.zeros((40, 2, 3))
    positions[:, 1, 2], forces[:, 1, 2], forces[:, 0, 2] = r, pull, -pull
    assert "force-outlier" not in names(Dataset.of([18, 18], positions, energies, forces))
    forces[20] *= -200
    assert "force-outlier" in names(Dataset.of([18, 18], positions, energies, forces))


@pytest.mark.parametrize("n_trans", [60, 100])
def test_a_few_frames_of_another_conformer_are_no_outliers(n_trans: int) -> None:
    """Integrated forces do not give the energy of a conformer that nothing connects with the others."""
    data, rng = read("azobenzene"), np.random.default_rng(0)
    trans, cis = (
        rng.choice(np.flatnonzero(data.extras["origin"] == origin), n, replace=False)
        for origin, n in (("md_azobenzene_500K", n_trans), ("md_azobenzene-cis_500K", 2))
    )
    assert "energy-outlier" not in names(data.select(np.concatenate([trans, cis])))
    wrong = data.select(trans)
    wrong = replace(wrong, energies=wrong.energies + 1.5 * (np.arange(n_trans) == 7))
    assert "energy-outlier" in names(wrong)
