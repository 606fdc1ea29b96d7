"""Cluster: what a backend opens, and what tasks are dispatched to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supple.runtime.workers.capacity import Capacity

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Cluster:
    """Workers that are ready for tasks.

    Attributes:
        client: Dask's connection to them.
        capacity: how much can run at the same time.
    """

    client: Client
    capacity: Capacity
