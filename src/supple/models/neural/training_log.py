"""What is written down at every validation: a line of metrics.jsonl, and TensorBoard's own files where they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supple.runtime.optional_dependencies import extra
from supple.runtime.run_directory import RunDirectory

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter


class Metrics:
    """The record of a training run.

    Args:
        run: its directory; without one nothing is written.
        tensorboard: also write RUN/tensorboard, for `tensorboard --logdir`.
        step: steps that are done already; what another attempt wrote of later ones is hidden.
    """

    def __init__(self, run: RunDirectory | None, tensorboard: bool, step: int) -> None:
        self._run = run
        self._board = _board(run, step) if run is not None and tensorboard else None

    def write(self, step: int, record: dict[str, Any]) -> None:
        """Numbers at a step; records within records have a heading of their own."""
        if self._run is not None:
            self._run.log({"step": step, **record})
        if self._board is not None:
            for name, value in _flat(record):
                self._board.add_scalar(name, value, step)
            self._board.flush()

    def close(self) -> None:
        """Write what is still on its way."""
        if self._board is not None:
            self._board.close()


def _board(run: RunDirectory, step: int) -> SummaryWriter:
    with extra("tensorboard", "tensorboardX", "The setting tensorboard"):
        from tensorboardX import SummaryWriter
    return SummaryWriter(str(run.path / "tensorboard"), purge_step=step + 1, filename_suffix=f".from{step}")


def _flat(record: dict[str, Any], heading: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for key, value in record.items():
        if isinstance(value, dict):
            found += _flat(value, f"{heading}{key}/")
        elif isinstance(value, float):
            found.append((heading + key, value))
    return found
