"""What training needs to go on, in one safetensors file: arrays, and a JSON header for the numbers. Never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from supple.errors import ModelFileError
from supple.files import replacing

_STATE = ("step", "exp_avg", "exp_avg_sq")


def save_checkpoint(
    path: Path, network: nn.Module, average: nn.Module, optimiser: Optimizer, numbers: dict[str, Any]
) -> None:
    """Write network, averaged network, optimiser state and the loop's numbers in one step."""
    arrays: dict[str, Tensor] = {f"network/{name}": p for name, p in network.named_parameters()}
    arrays |= {f"average/{name}": p for name, p in average.named_parameters()}
    for i, trained in enumerate(_parameters(optimiser)):
        state = optimiser.state.get(trained, {})
        arrays |= {f"optimiser/{i}/{key}": state[key] for key in _STATE if key in state}
    arrays = {name: tensor.detach().cpu().contiguous() for name, tensor in arrays.items()}
    with replacing(path) as temporary:
        save_file(arrays, temporary, metadata={"numbers": json.dumps(numbers)})


def load_checkpoint(path: Path, network: nn.Module, average: nn.Module, optimiser: Optimizer) -> dict[str, Any]:
    """Restore what `save_checkpoint` wrote, and return the loop's numbers.

    Raises:
        ModelFileError: the file is damaged or belongs to another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            arrays: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            numbers: dict[str, Any] = json.loads(file.metadata()["numbers"])
        with torch.no_grad():
            for prefix, module in (("network", network), ("average", average)):
                for name, parameter in module.named_parameters():
                    parameter.copy_(arrays[f"{prefix}/{name}"])
        for i, trained in enumerate(_parameters(optimiser)):
            if f"optimiser/{i}/step" in arrays:
                optimiser.state[trained] = {key: arrays[f"optimiser/{i}/{key}"] for key in _STATE}
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        raise ModelFileError(
            f"The checkpoint {path} is damaged ({error}): delete it to start that run anew."
        ) from error
    return numbers


def _parameters(optimiser: Optimizer) -> list[Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]
