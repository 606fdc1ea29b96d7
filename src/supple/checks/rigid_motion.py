"""Net force and net torque: a molecule by itself does not pull or turn itself.

    Σ_i F_i = 0 ,   Σ_i (R_i - R̄) × F_i = 0

Each sum is compared with its size for forces of the same lengths and random directions: 1 means that the forces know
nothing of it, 1e-3 is the noise of integration grids.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from supple.checks.context import CheckContext
from supple.checks.findings import Finding, listed

_NOISE, _WRONG = 0.02, 0.15


def net_force(context: CheckContext) -> list[Finding]:
    """`net-force`: the forces of a frame do not add up to zero."""
    forces = context.dataset.forces
    if forces is None or context.dataset.n_atoms < 2:
        return []
    total = np.linalg.norm(forces.sum(axis=1), axis=1)
    usual = np.sqrt((forces**2).sum(axis=(1, 2)))
    return _judge(
        context, total, usual, "net-force", "the forces do not add up to zero",
        "look for atoms that were left out or held in place, an external field, or a coarse integration grid",
    )  # fmt: skip


def net_torque(context: CheckContext) -> list[Finding]:
    """`net-torque`: the forces of a frame turn the molecule as a whole."""
    forces = context.dataset.forces
    if forces is None or context.dataset.n_atoms < 3:
        return []
    arms = context.dataset.positions - context.dataset.positions.mean(axis=1, keepdims=True)
    total = np.linalg.norm(np.cross(arms, forces).sum(axis=1), axis=1)
    usual = np.sqrt(((arms**2).sum(axis=2) * (forces**2).sum(axis=2)).sum(axis=1))
    return _judge(
        context, total, usual, "net-torque", "the forces turn the molecule as a whole",
        "look whether positions and forces are in the same frame of axes and the same order of atoms",
    )  # fmt: skip


def _judge(
    context: CheckContext,
    total: Float[np.ndarray, "M"],
    usual: Float[np.ndarray, "M"],
    name: str,
    what: str,
    remedy: str,
) -> list[Finding]:
    """A finding when the noise is exceeded; relative to the usual size, so that frames near minima do not count."""
    size = np.maximum(usual, 0.1 * np.median(usual))
    part = np.divide(total, size, out=np.zeros_like(total), where=size > 0)
    high = part > _NOISE
    overall = float(np.sqrt(np.mean(part**2)))
    if not high.any():
        return []
    frames = context.frames(high)
    worst = int(part.argmax())
    serious = (part > _WRONG).any()
    where = "in every frame" if high.all() else f"in {listed(frames)}"
    return [
        Finding(
            name,
            "serious" if serious else "warning",
            f"{what} {where}: {100 * part[worst]:.0f}% of what random directions would give in frame "
            f"{int(context.dataset.frames[worst])}, {100 * overall:.2g}% on average",
            remedy,
            () if high.all() else frames,
        )
    ]
