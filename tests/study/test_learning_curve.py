"""Learning curves: a power law is found again, with intervals that hold the truth as often as they say."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_study_plan import plan

from supple.study import run_study
from supple.study.learning_curve import CONFIDENCE, back_test, fit
from supple.study.model_style import display_name
from supple.study.recommendation import recommendation
from supple.study.required_frames import required_calculations
from supple.study.results import Results, Row
from supple.study.study_file import read_record

SIZES = [n for n in (100, 200, 400, 800) for _ in range(3)]


def test_a_power_law_is_found_again() -> None:
    law = fit(SIZES, [30 * n**-0.6 for n in SIZES])
    assert law is not None
    assert law.exponent == pytest.approx(0.6)
    assert law.error(1600) == pytest.approx(30 * 1600**-0.6)
    needed = law.required(30 * 1600**-0.6)
    assert needed is not None
    assert needed.n == pytest.approx(1600)
    assert needed.extrapolated
    assert needed.low == pytest.approx(1600, rel=1e-4)


@pytest.mark.parametrize("wanted", [300, 1600])
def test_intervals_hold_the_truth_as_often_as_they_say(wanted: int) -> None:
    draw = np.random.default_rng(0)
    held = steep = 0
    for _ in range(1000):
        law = fit(SIZES, [30 * n**-0.6 * math.exp(0.1 * draw.normal()) for n in SIZES])
        assert law is not None
        needed, exponent = law.required(30 * wanted**-0.6), law.exponent_interval()
        assert needed is not None
        assert needed.low is not None
        assert needed.high is not None
        assert exponent is not None
        held += needed.low <= wanted <= needed.high
        steep += exponent[0] <= 0.6 <= exponent[1]
    assert held / 1000 == pytest.approx(CONFIDENCE, abs=0.03)
    assert steep / 1000 == pytest.approx(CONFIDENCE, abs=0.03)


def test_what_cannot_be_known_is_not_said() -> None:
    assert fit([200, 200], [1.0, 1.1]) is None
    two = fit([200, 400], [1.0, 0.5])
    assert two is not None
    assert two.exponent_interval() is None
    needed = two.required(0.25)
    assert needed is not None
    assert (round(needed.n), needed.low, needed.high) == (800, None, None)
    rising = fit([200, 400], [0.5, 1.0])
    assert rising is not None
    assert rising.required(0.1) is None
    vague = fit([200, 300, 400], [1.0, 0.7, 0.99])
    assert vague is not None
    nobody_knows = vague.required(0.5)
    assert nobody_knows is not None
    assert (nobody_knows.low, nobody_knows.high) == (0.0, math.inf)


def test_the_smaller_half_predicts_the_largest_size() -> None:
    tested = back_test(SIZES, [30 * n**-0.6 for n in SIZES])
    assert tested is not None
    assert (tested.up_to, tested.n_train) == (400, 800)
    assert tested.relative_error == pytest.approx(0)
    assert back_test([200, 400], [1.0, 0.5]) is None


#: Medians over the seeds, force RMSE in kcal/mol/Å, sGDML with inverse distances and SchNet, on real glycine (docs/results).
CURVES = {
    "sgdml": {200: 1.27, 400: 0.839, 600: 0.626, 800: 0.529, 1000: 0.463},
    "schnet": {200: 1.159, 400: 0.669, 600: 0.480, 800: 0.402, 1000: 0.353},
}


@pytest.mark.parametrize("model", CURVES)
@pytest.mark.parametrize("largest", [800, 1000])
def test_real_curves_are_predicted_from_400_frames(model: str, largest: int) -> None:
    curve = {n: error for n, error in CURVES[model].items() if n <= largest}
    tested = back_test(list(curve), list(curve.values()), up_to=400)
    assert tested is not None
    assert abs(tested.relative_error) < 0.25


def test_sentences(tmp_path: Path) -> None:
    run_study(plan(sizes=(10,), seeds=(0,)), tmp_path)
    record = read_record(tmp_path)
    common: dict[str, Any] = {"dataset": "glycine", "formula": "C2H5NO2", "n_valid": 6, "n_test": 9, "seed": 0}
    common |= {"seconds": 1.0, "peak_rss_bytes": 1, "status": "done", "quantity": "forces", "metric": "rmse"}
    (model, *_) = record.models
    rows = [
        Row(model=model, n_train=n, value=30 * n**-0.6 * (1.02 if n == 400 else 1), unit="eV/Å", **common)
        for n in (100, 200, 400, 800)
    ]
    results = Results(tmp_path, record, tuple(rows), {})
    falls, tested = required_calculations(results, "glycine", target=30 * 1600**-0.6)
    assert "decreases as N^-0.60 (0.5" in falls
    assert "about 16" in falls
    assert "if the power law continues to hold" in falls
    assert "Fitted to the sizes up to 400 only" in tested
    assert (
        "would require more than 16000 reference calculations"
        in required_calculations(results, "glycine", target=1e-3)[0]
    )
    (few,) = required_calculations(Results(tmp_path, record, tuple(rows[:2]), {}), "glycine")
    assert "too few trainings for an interval" in few
    flat = {100: 1.0, 200: 0.99, 400: 0.98, 800: 0.5}
    late = [replace(row, value=flat[row.n_train]) for row in rows]
    tested = required_calculations(Results(tmp_path, record, tuple(late), {}), "glycine")[1]
    assert tested.endswith("predicts that the error reached with 800 frames requires more than 16000.")


def test_the_result_in_one_line(tmp_path: Path) -> None:
    run_study(plan(sizes=(10,), seeds=(0,)), tmp_path)
    record = read_record(tmp_path)
    common: dict[str, Any] = {"dataset": "glycine", "formula": "C2H5NO2", "n_valid": 6, "n_test": 9, "seed": 0}
    common |= {"seconds": 1.0, "peak_rss_bytes": 1, "status": "done", "quantity": "forces", "metric": "rmse"}
    good, bad = "sgdml", "schnet"
    record = record.model_copy(update={"plans": (record.plans[0].model_copy(update={"models": (bad, good)}),)})
    rows = [Row(model=good, n_train=n, value=30 / n, unit="eV/Å", **common) for n in (100, 200, 400)]
    # more frames do not make the worse model the better one
    rows += [Row(model=bad, n_train=n, value=60 / n, unit="eV/Å", **common) for n in (100, 200, 400, 1600)]
    results = Results(tmp_path, record, tuple(rows), {})
    line = recommendation(results, "glycine", target=0.05)
    assert (
        line
        == f"Use {display_name(good)}: force RMSE 0.0750 eV/Å with 400 frames; about 600 calculations for 0.0500 eV/Å."
    )
    assert "more than 8000 calculations for 0.00100 eV/Å" in str(recommendation(results, "glycine", target=0.001))
    assert recommendation(Results(tmp_path, record, (), {}), "glycine") is None
