"""Novelty: how unlike the training frames a geometry is, to a model. A raw score, which calibration.py turns into a standard deviation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn


class NoveltyScores(NamedTuple):
    """The novelty of B geometries: positive numbers, proportional to the variance that a model expects of its error.

    Attributes:
        energy: of each geometry.
        forces: of each atom.
    """

    energy: Float[Tensor, "B"]
    forces: Float[Tensor, "B N"]


class Novelty(nn.Module, ABC):
    """A measure of novelty. Its persistent buffers are what a model file keeps of it."""

    @abstractmethod
    def forward(self, positions: Float[Tensor, "B N 3"]) -> NoveltyScores:
        """The novelty of geometries, positions in Å; NaN where one is not finite."""
