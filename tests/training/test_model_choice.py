"""The model that is trained where none is named."""

import numpy as np
import pytest
from toy import toy_dataset

from supple import Dataset
from supple.training.model_choice import ATOMS, FRAMES, choose_model

SMALL = toy_dataset(3)
LARGE = Dataset.of(np.ones(ATOMS, int), np.zeros((1, ATOMS, 3)), np.zeros(1), np.zeros((1, ATOMS, 3)))


@pytest.mark.parametrize(
    ("data", "n_train", "given", "kind", "says"),
    [
        (SMALL, FRAMES, {}, "sgdml", f"fewer than {ATOMS} atoms"),
        (LARGE, FRAMES - 1, {}, "sgdml", f"fewer than {FRAMES} training frames"),
        (LARGE, FRAMES, {}, "bespoke", f"{ATOMS} atoms or more"),
        (LARGE, FRAMES, {"baseline": "GFN2-xTB"}, "sgdml", "differences to a baseline"),
        (LARGE, FRAMES, {"sigma": 8.0}, "sgdml", "Bespoke has no setting sigma"),
        (SMALL, 10, {"sigma": 8.0}, "sgdml", "fewer than"),
        (SMALL, 10, {"max_time": 5, "steps": 10}, "bespoke", "sGDML has no setting max_time or steps"),
        (SMALL, 10, {"interactions": 2}, "schnet", "sGDML has no setting interactions"),
        (SMALL, 10, {"no_such_setting": 2}, "sgdml", "fewer than"),
    ],
)
def test_it_follows_from_the_molecule_the_frames_and_the_settings(data, n_train, given, kind, says):
    choice = choose_model(data, n_train, given)
    assert choice.kind == kind
    assert says in choice.reason
    assert choice.sentence.endswith("--model chooses another.")


def test_energies_alone_are_learned_by_the_kernel():
    alone = Dataset.of(LARGE.numbers, LARGE.positions, LARGE.energies)
    assert choose_model(alone, FRAMES, {"baseline": "GFN2-xTB"}).kind == "sgdml"
