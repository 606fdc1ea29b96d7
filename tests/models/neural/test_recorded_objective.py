"""The step that a GPU replays: the gradient that automatic differentiation leaves with the weights, and without a GPU as well."""

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import Bespoke, SchNet
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.training_state import TrainingState

SETTINGS = {
    "schnet": SchNet(features=16, interactions=1, steps=10, batch_size=6, compile="never"),
    "bespoke": Bespoke(features=8, layers=1, steps=10, batch_size=6, compile="never"),
}


def trained(kind, device):
    data = toy_dataset(12)
    settings = SETTINGS[kind]
    torch.manual_seed(0)
    potential = type(settings).potential_class(data.numbers, settings.architecture(data)).to(device)
    potential.network.compiled = False
    arrays = (data.positions, data.energies - data.energies.mean(), data.forces)
    frames = LabelledFrames(*(torch.tensor(array, dtype=torch.float32, device=device) for array in arrays))
    notes = []
    state = TrainingState(potential.network, frames, settings, 0, notes.append)
    for step in range(4):
        loss = state.take_steps(step, [1e-3])
    return float(loss), state.weights.values.detach().cpu().numpy(), notes


@pytest.mark.parametrize("kind", SETTINGS)
def test_computed_as_before_where_kernels_cannot_be_recorded(kind, monkeypatch):
    from supple.models.neural import loss
    from supple.models.neural.recorded_objective import RecordedObjective

    expected = trained(kind, "cpu")

    def recorded(network, weights, options, note):
        return RecordedObjective(loss._loss(network, options), list(network.parameters()), weights, note)

    monkeypatch.setattr("supple.models.neural.training_state.objective", recorded)
    if torch.cuda.is_available():
        pytest.skip("kernels can be recorded here")
    found = trained(kind, "cpu")
    assert any("could not be recorded" in note for note in found[2])
    assert found[0] == expected[0]
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", SETTINGS)
def test_replayed(kind):
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    (loss, weights, notes), (expected, expected_weights, _) = trained(kind, "cuda"), trained(kind, "cpu")
    assert not any("could not be recorded" in note for note in notes)
    assert loss == pytest.approx(expected, rel=1e-3)
    assert np.abs(weights - expected_weights).max() < 1e-4
