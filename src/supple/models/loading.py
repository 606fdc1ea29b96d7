"""Loading a force field of any kind from its file. Reading it never executes anything from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from supple.errors import ModelFileError
from supple.models.potential import FORMAT_VERSION, HEADER_KEY, Potential, Provenance
from supple.models.registry import potential_class


def load(path: str | Path, device: str | torch.device = "cpu") -> Potential:
    """Read a force field of any kind; a model of the sGDML package (.npz), too.

    Raises:
        ModelFileError: the file is missing, cut short, not a Supple model, or of another format version.
    """
    if Path(path).suffix == ".npz":
        from supple.models.sgdml.sgdml_package import load_sgdml_model

        return load_sgdml_model(path).to(device)
    header, arrays = _read(Path(path))
    try:
        cls = potential_class(header["kind"])
        numbers = np.array(header["numbers"], dtype=np.int64)
        potential = cls.from_configuration(numbers, header["configuration"], arrays)
        potential.provenance = Provenance.model_validate(header["provenance"])
        potential.load_state_dict(arrays)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ModelFileError(
            f"{path} is a Supple model whose content does not fit together ({_first_line(error)}): "
            "it is damaged; train or copy it again."
        ) from error
    return potential.to(device).eval()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise ModelFileError(f"There is no model file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(HEADER_KEY)
            if text is None:
                raise ModelFileError(f"{path} is a safetensors file, but not a Supple model: it has no Supple header.")
            header = json.loads(text)
            version = header.get("format_version")
            if version != FORMAT_VERSION:
                raise ModelFileError(
                    f"{path} has model format {version}, this version of Supple reads format {FORMAT_VERSION}: "
                    "use the version of Supple that wrote it, or train again."
                )
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{path} is not a Supple model, or it is cut short ({_first_line(error)}): "
            "give a .safetensors file that 'supple train' wrote."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
