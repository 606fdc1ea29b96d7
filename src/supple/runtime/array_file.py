"""Arrays with texts beside them in one safetensors file, and a checksum over all of it. Reading executes nothing from the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from supple.runtime.files import replacing
from supple.runtime.machine import available_memory

if TYPE_CHECKING:
    from torch import Tensor

#: The text that holds the checksum. Files of older versions have none.
_CHECKSUM = "sha256"


class ArrayFile(NamedTuple):
    """The content of a file.

    Attributes:
        arrays: by name, in memory of their own.
        texts: by name.
    """

    arrays: dict[str, Tensor]
    texts: dict[str, str]


def write_arrays(path: Path, arrays: Mapping[str, Tensor], texts: Mapping[str, str]) -> None:
    """Write a file in one step: a reader never sees half of it."""
    from safetensors.torch import save_file

    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in arrays.items()}
    with replacing(path) as temporary:
        save_file(stored, temporary, metadata={**texts, _CHECKSUM: _checksum(ArrayFile(stored, dict(texts)))})


def read_arrays(path: Path) -> ArrayFile:
    """Read what `write_arrays` wrote, or a file without a checksum.

    Raises:
        OSError: the file is missing or cannot be read.
        ValueError: it is not a safetensors file, cut short, changed since it was written, or larger than the memory.
    """
    from safetensors import SafetensorError, safe_open

    size = path.stat().st_size
    if size > available_memory():
        raise ValueError(f"its {size / 1e9:.1f} GB do not fit into memory")
    try:
        with safe_open(path, framework="pt") as file:
            texts = dict(file.metadata() or {})
            # Clones, because arrays in a file may lie unaligned, and sums over unaligned ones round differently.
            arrays = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, AttributeError, TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    expected = texts.pop(_CHECKSUM, None)
    content = ArrayFile(arrays, texts)
    if expected is not None and expected != _checksum(content):
        raise ValueError("its content has changed since it was written")
    return content


def _checksum(content: ArrayFile) -> str:
    import torch

    digest = hashlib.sha256(json.dumps(content.texts, sort_keys=True).encode())
    for name, array in sorted(content.arrays.items()):
        digest.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        digest.update(array.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
