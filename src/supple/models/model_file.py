"""The file of a force field: safetensors, with named arrays and a JSON header. Reading it never executes anything from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictInt, ValidationError
from torch import Tensor

from supple.errors import ModelFileError, first_line
from supple.models.provenance import PlainText, Provenance
from supple.models.uncertainty.error_bars import Calibrations
from supple.models.upgrades import FORMAT_VERSION, Content, upgrade
from supple.molecule.connectivity import Connectivity
from supple.runtime.array_file import read_arrays, write_arrays
from supple.runtime.json_records import parse_json
from supple.runtime.validation import first_problem

AtomicNumber = Annotated[StrictInt, Field(ge=1, le=118)]
#: Several arrays of a force field grow with the square of the number of atoms.
_MOST_ATOMS = 5000
#: The entry of the safetensors metadata that holds the header.
HEADER_KEY = "supple"


class Part(BaseModel):
    """What a model file says of a force field, or of one that is a part of another.

    Attributes:
        kind: of the model.
        configuration: what the kind needs to make its potential, besides the arrays; JSON, known to the kind alone.
        connectivity: of the training frames; None where it is not known, as in files of older versions.
        provenance: how the force field was made.
    """

    kind: PlainText
    configuration: dict[str, Any]
    connectivity: Connectivity | None = None
    provenance: Provenance


class Header(Part):
    """All of a model file but its arrays.

    Attributes:
        format_version: see upgrades.py.
        numbers: atomic numbers.
        error_bars: calibrations of the error bars; None where there are none, as in files of older versions.
    """

    format_version: int = FORMAT_VERSION
    numbers: Annotated[list[AtomicNumber], Field(min_length=1, max_length=_MOST_ATOMS)]
    error_bars: Calibrations | None = None


def write_model_file(path: Path, header: Header, arrays: Mapping[str, Tensor]) -> None:
    """Write a model file in one step: a reader never sees half of it."""
    write_arrays(path, arrays, {HEADER_KEY: json.dumps(header.model_dump())})


def read_model_file(path: Path) -> tuple[Header, dict[str, Tensor]]:
    """Header and arrays of a model file of any format version.

    Raises:
        ModelFileError: the file is missing, cut short, damaged, not a Supple model, or of a newer format version.
    """
    content = _read(path)
    try:
        content = upgrade(content, path)
        return Header.model_validate(content.header), content.arrays
    except (ValidationError, ValueError, KeyError, TypeError, IndexError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> ModelFileError:
    """The error to raise when the parts of a model file do not fit together."""
    reason = first_problem(error) if isinstance(error, ValidationError) else first_line(error)
    return ModelFileError(
        f"{path} is a Supple model whose contents do not match ({reason}): it is damaged; train or copy it again."
    )


def _read(path: Path) -> Content:
    if not path.is_file():
        raise ModelFileError(f"There is no model file {path}.")
    try:
        arrays, texts = read_arrays(path)
        if HEADER_KEY not in texts:
            raise ModelFileError(f"{path} is a safetensors file, but not a Supple model: it has no Supple header.")
        header = parse_json(texts[HEADER_KEY])
        if not isinstance(header, dict):
            raise ValueError("the header is not a JSON object")  # noqa: TRY004 (handled below)
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} is not a Supple model, or it is cut short or damaged ({first_line(error)}): "
            "give a .safetensors file that 'supple train' wrote, or copy it again."
        ) from error
    return Content(header, arrays)
