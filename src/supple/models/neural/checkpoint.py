"""What training needs to go on, in one safetensors file: arrays, and a JSON header for the numbers. Never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from supple.errors import ModelFileError
from supple.models.neural.training_state import Trained
from supple.runtime.files import replacing


def save_checkpoint(path: Path, trained: Trained, numbers: dict[str, Any]) -> None:
    """Write weights, averaged weights, optimiser state and the loop's numbers in one step."""
    arrays = {name: array.cpu().contiguous() for name, array in trained.arrays().items()}
    with replacing(path) as temporary:
        save_file(arrays, temporary, metadata={"numbers": json.dumps(numbers)})


def load_checkpoint(path: Path, trained: Trained) -> dict[str, Any]:
    """Restore what `save_checkpoint` wrote, and return the loop's numbers.

    Raises:
        ModelFileError: the file is damaged or belongs to another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            trained.restore({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
            numbers: dict[str, Any] = json.loads(file.metadata()["numbers"])
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        raise ModelFileError(
            f"The checkpoint {path} is damaged ({error}): delete it to start that run anew."
        ) from error
    return numbers
