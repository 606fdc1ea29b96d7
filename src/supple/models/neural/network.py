"""The interface of networks that the training loop requires.

A network is a torch module that maps positions (B, N, 3) in Å, single precision, to energies (B,) and forces (B, N, 3) in units
of its own; the forces are the exact derivative and differentiable by the parameters. It may have compiled loops as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from torch import Tensor, nn

if TYPE_CHECKING:
    from supple.models.neural.flat_parameters import FlatParameters
    from supple.models.neural.labelled_frames import LabelledFrames
    from supple.models.neural.optimiser import Adam
    from supple.models.neural.options import TrainingOptions
    from supple.models.neural.stepper import Stepper


@runtime_checkable
class CompiledNetwork(Protocol):
    """A network that can also be evaluated and trained in compiled loops.

    Attributes:
        compiled: whether to use the loops where they can run; may be set.
    """

    compiled: bool

    @property
    def runs_compiled(self) -> bool:
        """Whether the network is evaluated in compiled loops, as it is now and on this machine."""
        ...

    def compiled_stepper(
        self,
        data: LabelledFrames,
        weights: FlatParameters,
        average: Tensor,
        optimiser: Adam,
        options: TrainingOptions,
    ) -> Stepper | None:
        """What trains the network in compiled loops; None where they cannot.

        Args:
            data: training frames.
            weights: the parameters of the network.
            average: their running average.
            optimiser: whose memory is used.
            options: how to train.
        """
        ...


@runtime_checkable
class NetworkWithFeatures(Protocol):
    """A network that also says what it knows of each atom before its readout."""

    def with_features(self, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Energies (B,), forces (B, N, 3) and features of atoms (B, N, F) of positions as in `forward`; not differentiable."""
        ...


def runs_compiled(network: nn.Module) -> bool:
    """Whether a network is evaluated in compiled loops of its own."""
    return isinstance(network, CompiledNetwork) and network.runs_compiled


def use_compiled(network: nn.Module, allowed: bool) -> None:
    """Allow or forbid a network to use compiled loops, if it has any."""
    if isinstance(network, CompiledNetwork):
        network.compiled = allowed
