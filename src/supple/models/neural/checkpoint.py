"""Checkpoints: what training needs to resume, as arrays and a JSON header in one safetensors file. Never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from supple.errors import ModelFileError
from supple.models.neural.training_state import TrainingState
from supple.runtime.files import replacing


def save_checkpoint(path: Path, training: TrainingState, numbers: dict[str, Any]) -> None:
    """Write weights, averaged weights, state of the optimiser and the numbers of the training loop in one step."""
    arrays = {name: array.cpu().contiguous() for name, array in training.arrays().items()}
    with replacing(path) as temporary:
        save_file(arrays, temporary, metadata={"numbers": json.dumps(numbers)})


def load_checkpoint(path: Path, training: TrainingState) -> dict[str, Any]:
    """Restore what `save_checkpoint` wrote; returns the numbers of the training loop.

    Raises:
        ModelFileError: the file is damaged or belongs to another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            training.restore({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
            numbers: dict[str, Any] = json.loads(file.metadata()["numbers"])
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        raise ModelFileError(
            f"The checkpoint {path} is damaged ({error}): delete it to start that run again."
        ) from error
    return numbers
