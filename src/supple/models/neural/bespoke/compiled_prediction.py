"""Energies and forces of the bespoke network by its compiled loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.neural.bespoke.compiled import sweeps
from supple.models.neural.bespoke.compiled.arrays import Molecule, Space, Weights, molecule_of, space
from supple.models.neural.bespoke.compiled.prepare_weights import empty, prepare
from supple.models.neural.compiled.frame_ranges import FrameRanges
from supple.runtime.threads import run_in_threads

#: Numbers of an atom, in all geometries and channels, that are processed at a time: enough for matrix products, few enough for the cache.
_AT_A_TIME = 4096
_MOST_FRAMES = 16


class CompiledPrediction:
    """The compiled loops of one network, without derivatives by its parameters.

    Args:
        classes: of the atoms.
        cutoff: Å.
        threads: number of threads, which share the geometries.
    """

    def __init__(self, classes: Sequence[int], cutoff: float, threads: int) -> None:
        self._classes, self._cutoff, self._threads = classes, cutoff, threads
        self._free: list[Space] = []
        self._prepared: tuple[list[tuple[int, int]], Molecule, Weights] | None = None

    def __call__(
        self,
        positions: Float[Tensor, "B N 3"],
        parameters: Mapping[str, Tensor],
        training: bool,
        features: Float[np.ndarray, "B N F"] | None = None,
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces, in single precision.

        Args:
            positions: Å.
            parameters: of the network, by name.
            training: whether the parameters may change between calls without raising their version.
            features: filled with the activations of the readout, if given.
        """
        molecule, weights = self._prepare(parameters, training)
        rows = positions.detach().double().contiguous().numpy()
        energies, forces = np.empty(len(rows), np.float32), np.empty(rows.shape, np.float32)
        shares = FrameRanges(len(rows), self._threads)

        def work(part: int) -> None:
            try:
                own = self._free.pop()
            except IndexError:
                own = space(molecule, frames_at_a_time(molecule))
            if features is None:
                sweeps.predict(rows, molecule, weights, own, energies, forces, *shares[part])
            else:
                _predict_with_features(rows, molecule, weights, own, energies, forces, features, *shares[part])
            self._free.append(own)

        run_in_threads(work, len(shares))
        return torch.from_numpy(energies), torch.from_numpy(forces)

    def _prepare(self, parameters: Mapping[str, Tensor], training: bool) -> tuple[Molecule, Weights]:
        """The prepared weights; outside training, those of the last call if the parameters have not changed."""
        state = [(parameter.data_ptr(), parameter._version) for parameter in parameters.values()]
        if training or self._prepared is None or self._prepared[0] != state:
            values = torch.cat([parameter.detach().flatten() for parameter in parameters.values()]).numpy()
            starts = dict(
                zip(parameters, np.cumsum([0, *(p.numel() for p in parameters.values())]).tolist(), strict=False)
            )
            shapes = {name: parameter.shape for name, parameter in parameters.items()}
            molecule = molecule_of(self._classes, shapes, starts, self._cutoff)
            weights = empty(molecule, values)
            prepare(0, 1, molecule, weights)
            self._prepared = state, molecule, weights
        return self._prepared[1:]


def _predict_with_features(
    positions: Float[np.ndarray, "B N 3"],
    molecule: Molecule,
    weights: Weights,
    own: Space,
    energies: Float[np.ndarray, "B"],
    forces: Float[np.ndarray, "B N 3"],
    features: Float[np.ndarray, "B N F"],
    start: int,
    stop: int,
) -> None:
    """The geometries from start to stop; the activations of the readout are taken from the space, before the next ones use it."""
    n, f, room = len(molecule.order), molecule.features, len(own.ones)
    for first in range(start, stop, room):
        last = min(first + room, stop)
        sweeps.predict(positions, molecule, weights, own, energies, forces, first, last)
        activated = own.kept.activated[-1, : n * (last - first) * f].reshape(n, last - first, f)
        features[first:last, molecule.order] = activated.transpose(1, 0, 2)


def frames_at_a_time(molecule: Molecule) -> int:
    """How many geometries a thread processes at a time."""
    return int(np.clip(_AT_A_TIME // (len(molecule.order) * molecule.features), 1, _MOST_FRAMES))
