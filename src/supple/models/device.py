"""The device that a model trains on."""

from __future__ import annotations

from typing import NamedTuple

import torch

from supple.errors import SettingsError, first_line
from supple.runtime.machine import available_memory


class Device(NamedTuple):
    """A device, and its description: `on 2 cores of the CPU`."""

    device: torch.device
    description: str


def choose_device(name: str) -> Device:
    """The device of this name; with 'auto', a GPU if there is one.

    Raises:
        SettingsError: the device does not exist or cannot be used.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(f"The device '{name}' cannot be used: {first_line(error)}") from error
    if device.type != "cpu":
        return Device(device, f"on {device}")
    threads = torch.get_num_threads()
    return Device(device, f"on {threads} core{'s' if threads > 1 else ''} of the CPU")


def free_memory(device: torch.device) -> int:
    """Memory (bytes) that a device has left."""
    if device.type != "cuda":
        return available_memory()
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + kept
