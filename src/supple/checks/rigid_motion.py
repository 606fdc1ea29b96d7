"""Net force and net torque: an isolated molecule neither accelerates nor turns itself.

    Σ_i F_i = 0 ,   Σ_i (R_i - R̄) × F_i = 0

Each sum is compared with its root mean square for forces of the same lengths in random directions: a ratio of 1 means that
nothing cancels, 1e-3 is the noise of integration grids.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.molecule.rigid_modes import net_torques
from supple.runtime.rounding import rounded

#: Ratios above these are a warning, and an error.
_WARNING, _ERROR = 0.02, 0.15


def _net_force(context: CheckContext) -> list[Finding]:
    """`net-force`: the forces of a frame do not add up to zero."""
    forces = context.dataset.forces
    if forces is None or context.dataset.n_atoms < 2:
        return []
    total = np.linalg.norm(forces.sum(axis=1), axis=1)
    random = np.sqrt((forces**2).sum(axis=(1, 2)))
    remedy = "check for atoms left out or held fixed, an external field, or a coarse integration grid"
    return _compared(context, total, random, "net-force", remedy)


def _net_torque(context: CheckContext) -> list[Finding]:
    """`net-torque`: the forces of a frame turn the molecule as a whole."""
    forces = context.dataset.forces
    if forces is None or context.dataset.n_atoms < 3:
        return []
    total, random = net_torques(context.dataset.positions, forces)
    remedy = "check whether positions and forces have the same axes and the same order of atoms"
    return _compared(context, total, random, "net-torque", remedy)


NET_FORCE = Check(("net-force",), _net_force)
NET_TORQUE = Check(("net-torque",), _net_torque)


def _compared(
    context: CheckContext, total: Float[np.ndarray, "M"], random: Float[np.ndarray, "M"], name: str, remedy: str
) -> list[Finding]:
    """A finding when the noise is exceeded; relative to the usual size, so that frames near minima do not count."""
    size = np.maximum(random, 0.1 * np.median(random))
    ratio = np.divide(total, size, out=np.zeros_like(total), where=size > 0)
    high = ratio > _WARNING
    overall = float(np.sqrt(np.mean(ratio**2)))
    if not high.any():
        return []
    frames = context.frame_numbers(high)
    worst = int(ratio.argmax())
    return [
        Finding(
            name,
            "serious" if (ratio > _ERROR).any() else "warning",
            f"the {name.replace('-', ' ')} is nonzero in {'all frames' if high.all() else frame_list(frames)}: up to "
            f"{100 * ratio[worst]:.0f} % of what forces in random directions would give (frame "
            f"{int(context.dataset.frames[worst])}), {rounded(100 * overall, 2)} % on average",
            remedy,
            () if high.all() else frames,
        )
    ]
