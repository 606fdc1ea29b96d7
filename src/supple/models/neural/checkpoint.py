"""Checkpoints: what training needs to resume, as arrays and a JSON text in one safetensors file. Never a pickle."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter

from supple.errors import ModelFileError, first_line
from supple.models.neural.schedule import LoopState
from supple.models.neural.training_state import TrainingState
from supple.runtime.array_file import read_arrays, write_arrays
from supple.runtime.json_records import parse_json


def save_checkpoint(path: Path, training: TrainingState, state: LoopState) -> None:
    """Write weights, averaged weights, state of the optimiser and the numbers of the training loop in one step."""
    write_arrays(path, training.arrays(), {"numbers": json.dumps(vars(state))})


def load_checkpoint(path: Path, training: TrainingState) -> LoopState:
    """Restore what `save_checkpoint` wrote; returns the numbers of the training loop.

    Raises:
        ModelFileError: the file is damaged or belongs to another network.
    """
    try:
        arrays, texts = read_arrays(path)
        state = TypeAdapter(LoopState).validate_python(parse_json(texts["numbers"]))
        training.restore(arrays)
    except (KeyError, ValueError, RuntimeError, OSError) as error:
        raise ModelFileError(
            f"The checkpoint {path} is damaged ({first_line(error)}): delete it to start that run again."
        ) from error
    return state
