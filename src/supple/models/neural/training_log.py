"""The log of a training: at every validation a line of metrics.jsonl, and TensorBoard files if requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supple.runtime.optional_dependencies import extra
from supple.runtime.run_directory import RunDirectory

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter


class TrainingLog:
    """The record of a training run.

    Args:
        run: the run directory; nothing is written if None.
        tensorboard: also write RUN/tensorboard, for `tensorboard --logdir`.
        step: number of steps that are done already; TensorBoard hides what an earlier attempt wrote about later ones.
    """

    def __init__(self, run: RunDirectory | None, tensorboard: bool, step: int) -> None:
        self._run = run
        self._board = _board(run, step) if run is not None and tensorboard else None

    def write(self, step: int, record: dict[str, Any]) -> None:
        """Log the numbers of a step; the names of nested ones get the outer name as a prefix."""
        if self._run is not None:
            self._run.log({"step": step, **record})
        if self._board is not None:
            for name, value in _flattened(record):
                self._board.add_scalar(name, value, step)
            self._board.flush()

    def close(self) -> None:
        """Write whatever is still buffered."""
        if self._board is not None:
            self._board.close()


def _board(run: RunDirectory, step: int) -> SummaryWriter:
    with extra("tensorboard", "tensorboardX", "The setting tensorboard"):
        from tensorboardX import SummaryWriter
    return SummaryWriter(str(run.path / "tensorboard"), purge_step=step + 1, filename_suffix=f".from{step}")


def _flattened(record: dict[str, Any], prefix: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for key, value in record.items():
        if isinstance(value, dict):
            found += _flattened(value, f"{prefix}{key}/")
        elif isinstance(value, float):
            found.append((prefix + key, value))
    return found
