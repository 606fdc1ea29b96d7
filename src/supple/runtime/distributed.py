"""Several processes that share a computation, as torchrun starts them: rank 0 leads, the other ranks compute what it requests.

    torchrun --nproc-per-node 4 --no-python supple train ...

Only rank 0 reads, selects, checks and writes. Where a computation is shared, it has the other ranks call a function; each
computes its share, and the collectives below combine the shares. With a single process they do nothing.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from supple.runtime.signals import ENDING

#: How long the other ranks wait for rank 0 while it reads data and chooses settings.
_TIMEOUT = timedelta(hours=24)


def world_size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process; rank 0 leads."""
    return dist.get_rank() if world_size() > 1 else 0


def local_range(n: int) -> range:
    """The indices, of n, that this process works on; the numbers of indices differ by one at most."""
    each, more = divmod(n, world_size())
    start = rank() * each + min(rank(), more)
    return range(start, start + each + (rank() < more))


def all_reduce(part: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if world_size() > 1:
        dist.all_reduce(part)
    return part


def all_gather(part: Tensor) -> Tensor:
    """The parts of all processes, concatenated along the first axis in the order of their ranks; lengths may differ."""
    if world_size() == 1:
        return part
    lengths: list[Any] = [None] * world_size()
    dist.all_gather_object(lengths, len(part))
    padded = part.new_zeros(max(lengths), *part.shape[1:])
    padded[: len(part)] = part
    parts = [torch.empty_like(padded) for _ in lengths]
    dist.all_gather(parts, padded)
    return torch.cat([one[:length] for one, length in zip(parts, lengths, strict=True)])


def broadcast(value: Any) -> Any:
    """The value that rank 0 passes; what the other ranks pass is ignored."""
    values = [value]
    if world_size() > 1:
        dist.broadcast_object_list(values)
    return values[0]


def broadcast_float(value: float) -> float:
    """The number that rank 0 passes; faster than `broadcast`."""
    if world_size() == 1:
        return value
    values = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(values, 0)
    return float(values)


def call_on_other_ranks(function: Callable[..., None], *arguments: Any) -> None:
    """Have the other ranks call a function of a module with these arguments; rank 0 then does its own part."""
    broadcast((function.__module__, function.__name__, arguments))


def run(program: Callable[[], None]) -> None:
    """Run the program on rank 0; the other ranks compute what it requests until it ends."""
    backends = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backends, timeout=_TIMEOUT)
    try:
        if rank() == 0:
            try:
                program()
            finally:
                broadcast(None)
        else:
            # sent to all processes; the first one stops the others when it has written a checkpoint
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)
            while (call := broadcast(None)) is not None:
                module, name, arguments = call
                getattr(import_module(module), name)(*arguments)
    finally:
        dist.barrier()  # no process leaves while another one is still listening
        dist.destroy_process_group()
