"""The model of a round: with which baseline, and from which weights."""

import math
from pathlib import Path

import pytest

from supple import load
from supple.growth.settings import GrowthSettings

FILE = Path(__file__).parents[1] / "models" / "old_models" / "v2-schnet.safetensors"
COMMON = {"molecule": "CO", "method": "pyscf:PBE/def2-SVP", "drive": "GFN2-xTB", "charge": 1, "multiplicity": 2}


@pytest.mark.parametrize(
    ("baseline", "learned", "expected"),
    [
        ("auto", None, None),
        ("auto", Path("baseline.safetensors"), {"method": "baseline.safetensors"}),
        ("none", None, None),
        ("GFN1-xTB", None, {"method": "GFN1-xTB", "charge": 1, "multiplicity": 2}),
        ("fake_calculators:springs", None, {"method": "fake_calculators:springs"}),
        ("pbe.safetensors", None, {"method": "pbe.safetensors"}),
    ],
)
def test_the_baseline(baseline, learned, expected):
    found = GrowthSettings(**COMMON, baseline=baseline).model_settings(learned).baseline
    assert (found and found.model_dump(exclude_none=True)) == expected


def test_networks_go_on_from_their_weights():
    before = load(FILE)
    assert before.model_kind == "schnet"
    settings = GrowthSettings(**COMMON, model="schnet", baseline="none")
    assert settings.model_settings().start is None
    found = settings.model_settings(None, FILE)
    steps = before.provenance.settings["steps"]
    assert (found.start, found.steps) == (str(FILE), math.ceil(steps / 2))
    kernel = GrowthSettings(**COMMON, baseline="none")
    assert kernel.model_settings(None, FILE) == kernel.model_settings()
