"""A device that no machine has: arrays on the CPU that claim to be on another device, and refuse whatever a GPU would refuse.

It finds what fails only on a GPU (arrays of both devices in one operation, NumPy's view of an array that is not in this machine's memory)
and gives the numbers as well. Such arrays call their device "meta", a name that torch knows and needs no driver for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_iter, tree_map

DEVICE = torch.device("meta")
#: Operations that may have arrays on both devices: copies, and places as indices.
_BETWEEN = {
    "aten::copy_",
    "aten::_to_copy",
    "aten::index.Tensor",
    "aten::index_put_",
    "aten::index_put",
    "aten::_index_put_impl_",
}


class OnGPU(torch.Tensor):
    """An array on the simulated device.

    Attributes:
        inner: the same on the CPU.
    """

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnGPU:
        """Of the same shape, strides and type."""
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=DEVICE,
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """As in the mode below."""
        return _computed(func, args, kwargs or {})


class SimulatedGPU(TorchDispatchMode):
    """Arrays that are made on the device become simulated ones."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Every operation."""
        return _computed(func, args, kwargs or {})


class _Made(TorchFunctionMode):
    """`torch.tensor` makes its array before any operation."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Every function of torch."""
        kwargs = dict(kwargs or {})
        if func is torch.tensor and kwargs.get("device") == DEVICE:
            del kwargs["device"]
            return OnGPU(func(*args, **kwargs))
        return func(*args, **kwargs)


@contextmanager
def simulated_gpu() -> Iterator[torch.device]:
    """Within it there is one more device."""
    with _Made(), SimulatedGPU():
        yield DEVICE


def _computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    arrays = [one for one in tree_iter((args, kwargs)) if isinstance(one, torch.Tensor)]
    there = [one for one in arrays if isinstance(one, OnGPU)]
    device = kwargs.get("device")
    to_device = DEVICE if device is None and there else device
    name = func.name()
    if there and not any(name.startswith(one) for one in _BETWEEN):
        here = [one for one in arrays if not isinstance(one, OnGPU) and one.dim() > 0]
        if here:
            raise RuntimeError(f"{name}: an array of shape {tuple(here[0].shape)} is on the CPU, others are on a GPU.")
    if not there and name.startswith(("aten::index.Tensor", "aten::index_put")):
        pass
    elif (
        not isinstance(args[0] if args else None, OnGPU) and there and name.startswith(("aten::index", "aten::_index"))
    ):
        raise RuntimeError(f"{name}: places on a GPU in an array on the CPU.")
    inner_args, inner_kwargs = tree_map(_inner, (args, kwargs))
    if "device" in inner_kwargs:
        inner_kwargs["device"] = torch.device("cpu")
    out = func(*inner_args, **inner_kwargs)
    if to_device is None or torch.device(to_device) != DEVICE:
        return out
    if name == "aten::copy_" and not isinstance(args[0], OnGPU):
        return args[0]
    wrapped = tree_map(lambda one: OnGPU(one) if isinstance(one, torch.Tensor) else one, out)
    return return_and_correct_aliasing(func, args, kwargs, wrapped)


def _inner(one: Any) -> Any:
    return one.inner if isinstance(one, OnGPU) else one
