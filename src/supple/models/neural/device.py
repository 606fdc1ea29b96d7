"""The device that a network trains on."""

from __future__ import annotations

from typing import NamedTuple

import torch

from supple.errors import SettingsError


class Device(NamedTuple):
    """A device, and how to say where it is: `on 2 cores of the CPU`."""

    device: torch.device
    description: str


def choose_device(wanted: str) -> Device:
    """The device of this name; with 'auto', a GPU if there is one.

    Raises:
        SettingsError: the device does not exist or cannot be used.
    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(f"The device '{wanted}' cannot be used: {str(error).splitlines()[0]}") from error
    if device.type != "cpu":
        return Device(device, f"on {device}")
    threads = torch.get_num_threads()
    return Device(device, f"on {threads} core{'s' if threads > 1 else ''} of the CPU")
