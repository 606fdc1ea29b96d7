"""The objective of a training step on a GPU, recorded once and then replayed: a CUDA graph.

The kernels of a small molecule take microseconds, and starting them from Python takes longer than running them. Shapes never change
in training, so the kernels of one step serve all steps. https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from supple.errors import first_line
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames

#: Steps before recording, in which libraries choose their kernels and allocate their memory.
_WARM_UP = 3


class _Recording(NamedTuple):
    graph: Any
    frames: LabelledFrames
    n_energies: Tensor
    value: Tensor


class RecordedObjective:
    """An objective (loss.py) whose kernels are replayed. If recording fails, it is computed as before.

    Args:
        loss: from positions, energies, forces, number of known energies, and batch size to the loss.
        parameters: all parameters of the network.
        weights: the same in one array, whose gradient is to be set.
        note: receives a sentence when recording fails.
    """

    def __init__(
        self,
        loss: Callable[..., Tensor],
        parameters: list[Tensor],
        weights: FlatParameters,
        note: Callable[[str], None],
    ) -> None:
        self._loss, self._parameters, self._note = loss, parameters, note
        self._gradients = [
            weights.gradient[part].view(p.shape) for part, p in zip(weights.places, parameters, strict=True)
        ]
        self._recordings: dict[tuple[int, int], _Recording | None] = {}

    def __call__(self, frames: LabelledFrames, n_energies: int, batch_size: int) -> Tensor:
        """The loss; its gradient is left with the weights."""
        key = len(frames.positions), batch_size
        if key not in self._recordings:
            self._recordings[key] = self._recorded(frames, n_energies, batch_size)
        recording = self._recordings[key]
        if recording is None:
            count = torch.tensor(n_energies, device=frames.energies.device)
            return self._compute(frames, count, batch_size)
        for place, array in zip(_arrays(recording.frames), _arrays(frames), strict=True):
            place.copy_(array)
        recording.n_energies.fill_(n_energies)
        recording.graph.replay()
        return recording.value

    def _recorded(self, frames: LabelledFrames, n_energies: int, batch_size: int) -> _Recording | None:
        own = LabelledFrames(*(array.clone() for array in _arrays(frames)))
        count = torch.tensor(n_energies, device=frames.energies.device)
        try:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UP):
                    self._compute(own, count, batch_size)
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                value = self._compute(own, count, batch_size)
        except RuntimeError as error:  # of CUDA, in many ways: the training runs all the same, but slower
            self._note(f"The kernels of a step could not be recorded ({first_line(error)}): training runs slower.")
            return None
        return _Recording(graph, own, count, value)

    def _compute(self, frames: LabelledFrames, count: Tensor, batch_size: int) -> Tensor:
        value = self._loss(frames.positions, frames.energies, frames.forces, count, batch_size)
        gradients = torch.autograd.grad(value, self._parameters, materialize_grads=True)
        torch._foreach_copy_(self._gradients, list(gradients))
        return value.detach()


def _arrays(frames: LabelledFrames) -> tuple[Tensor, Tensor, Tensor]:
    return frames.positions, frames.energies, frames.forces
