"""The file of a force field: safetensors, with named arrays and a JSON header. Reading it never executes anything from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from supple.errors import ModelFileError
from supple.models.provenance import Provenance
from supple.models.upgrades import FORMAT_VERSION, Content, upgrade
from supple.molecule.connectivity import Connectivity
from supple.runtime.files import replacing

#: The entry of the safetensors metadata that holds the header.
HEADER_KEY = "supple"


class Header(BaseModel):
    """All of a model file but its arrays.

    Attributes:
        format_version: see upgrades.py.
        kind: of the model.
        numbers: atomic numbers.
        configuration: what the kind needs to make its potential, besides the arrays; JSON, known to the kind alone.
        connectivity: of the training frames; None where it is not known, as in files of older versions.
        provenance: how the force field was made.
    """

    format_version: int = FORMAT_VERSION
    kind: str
    numbers: list[int]
    configuration: dict[str, Any]
    connectivity: Connectivity | None = None
    provenance: Provenance


def write_model_file(path: Path, header: Header, arrays: Mapping[str, Tensor]) -> None:
    """Write a model file in one step: a reader never sees half of it."""
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in arrays.items()}
    with replacing(path) as temporary:
        save_file(stored, temporary, metadata={HEADER_KEY: json.dumps(header.model_dump())})


def read_model_file(path: Path) -> tuple[Header, dict[str, Tensor]]:
    """Header and arrays of a model file of any format version.

    Raises:
        ModelFileError: the file is missing, cut short, damaged, not a Supple model, or of a newer format version.
    """
    content = upgrade(_read(path), path)
    try:
        return Header.model_validate(content.header), content.arrays
    except ValueError as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> ModelFileError:
    """The error to raise when the parts of a model file do not fit together."""
    return ModelFileError(
        f"{path} is a Supple model whose contents do not match ({first_line(error)}): "
        "it is damaged; train or copy it again."
    )


def first_line(error: Exception) -> str:
    """The beginning of an error's message, for use within a sentence."""
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _read(path: Path) -> Content:
    if not path.is_file():
        raise ModelFileError(f"There is no model file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(HEADER_KEY)
            if text is None:
                raise ModelFileError(f"{path} is a safetensors file, but not a Supple model: it has no Supple header.")
            header = json.loads(text)
            if not isinstance(header, dict):
                raise ValueError("the header is not a JSON object")  # noqa: TRY004 (handled below)
            return Content(header, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 (not a dict)
    except (SafetensorError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{path} is not a Supple model, or it is cut short ({first_line(error)}): "
            "give a .safetensors file that 'supple train' wrote."
        ) from error
