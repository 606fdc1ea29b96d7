"""Several processes at one job, as torchrun starts them: the first leads, the others help when they are called.

    torchrun --nproc-per-node 4 --no-python supple train ...

Only the first process reads, chooses, checks and writes. Where a computation is shared, it has the others call a function;
each does its share, and the collectives below put the shares together. With a single process they do nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

#: Helpers wait for the leader while it reads data and chooses settings.
_PATIENCE = timedelta(hours=24)


def count() -> int:
    """How many processes there are."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def number() -> int:
    """Which of them this is; 0 leads."""
    return dist.get_rank() if count() > 1 else 0


def share(n: int) -> range:
    """The part of n things that is for this process; parts differ by one at most."""
    each, more = divmod(n, count())
    start = number() * each + min(number(), more)
    return range(start, start + each + (number() < more))


def total(part: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if count() > 1:
        dist.all_reduce(part)
    return part


def gathered(part: Tensor) -> Tensor:
    """The parts of all processes, one after the other along the first axis."""
    if count() == 1:
        return part
    lengths: list[Any] = [None] * count()
    dist.all_gather_object(lengths, len(part))
    padded = part.new_zeros(max(lengths), *part.shape[1:])
    padded[: len(part)] = part
    parts = [torch.empty_like(padded) for _ in lengths]
    dist.all_gather(parts, padded)
    return torch.cat([some[:length] for some, length in zip(parts, lengths, strict=True)])


def told(thing: Any) -> Any:
    """What the leader says."""
    said = [thing]
    if count() > 1:
        dist.broadcast_object_list(said)
    return said[0]


def told_number(number: float) -> float:
    """What the leader says, when it is a number; faster than `told`."""
    if count() == 1:
        return number
    said = torch.tensor(number, dtype=torch.float64)
    dist.broadcast(said, 0)
    return float(said)


def call_helpers(function: Callable[..., None], *arguments: Any) -> None:
    """Let the other processes call a module's function with these arguments; the leader goes on with its own part."""
    told((function.__module__, function.__name__, arguments))


def run(lead: Callable[[], None]) -> None:
    """Lead, or help until the leader is done."""
    backends = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backends, timeout=_PATIENCE)
    try:
        if number() == 0:
            try:
                lead()
            finally:
                told(None)
        else:
            while (call := told(None)) is not None:
                module, name, arguments = call
                getattr(import_module(module), name)(*arguments)
    finally:
        dist.barrier()  # nobody leaves while another one still listens
        dist.destroy_process_group()
