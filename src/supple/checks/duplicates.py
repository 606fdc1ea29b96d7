"""Frames that stand there twice, within one file or in two.

Geometries are compared by their pair distances, so that one that was moved, turned or mirrored is known again.
"""

from __future__ import annotations

import numpy as np

from supple.checks.context import CheckContext
from supple.checks.findings import Finding

#: Mean difference of distances, Å, below which geometries are equal, and nearly so.
_EQUAL, _NEAR = 1e-4, 3e-3
#: Labels of equal geometries that differ by more than this part of the spread contradict each other.
_CONTRADICTS = 0.02


def duplicates(context: CheckContext) -> list[Finding]:
    """`contradicting-labels`, `shared-frames`, `duplicate-frames`, `near-duplicates`."""
    equal, near = _matches(context)
    files = context.dataset.extras.get("file")
    across = [pair for pair in equal + near if files is not None and files[pair[0]] != files[pair[1]]]
    contradicting = [pair for pair in equal if _contradict(context, *pair)]
    found = []
    if contradicting:
        frames = _frames(context, contradicting)
        found.append(
            Finding(
                "contradicting-labels",
                "serious",
                f"equal geometries have different labels: {_examples(context, contradicting)}",
                "find out which of them are right, and remove the others",
                frames,
            )
        )
    if across:
        found.append(
            Finding(
                "shared-frames",
                "serious",
                f"{len(across)} geometries stand in both files: {_examples(context, across)}",
                "take them out of one of the files before one of them tests what the other has taught",
                _frames(context, across),
            )
        )
    inside = [pair for pair in equal if pair not in across]
    if inside:
        found.append(
            Finding(
                "duplicate-frames",
                "warning",
                f"{len(inside)} geometries stand there twice: {_examples(context, inside)}",
                "remove one of each, or a test frame may equal a training frame",
                _frames(context, inside),
            )
        )
    inside = [pair for pair in near if pair not in across]
    if inside:
        found.append(
            Finding(
                "near-duplicates",
                "warning",
                f"{len(inside)} geometries nearly equal another (within {_NEAR} Å): {_examples(context, inside)}",
                "remove one of each, or the test error comes out too small",
                _frames(context, inside),
            )
        )
    return found


Pairs = list[tuple[int, int]]


def _matches(context: CheckContext) -> tuple[Pairs, Pairs]:
    """Pairs of frames that are equal, and that are nearly so; each frame with its predecessor among its equals."""
    distances = context.distances
    if len(distances) < 2 or distances.shape[1] == 0:
        return [], []
    equal: Pairs = []
    near: Pairs = []
    # Equal geometries have equal mean distances: sorted by these, candidates are neighbours.
    mean = distances.mean(axis=1)
    order = np.argsort(mean, kind="stable")
    taken = np.zeros(len(order), dtype=bool)
    for step in range(1, len(order)):
        first, second = order[:-step], order[step:]
        close = mean[second] - mean[first] < _NEAR
        if not close.any():
            break
        a, b = first[close], second[close]
        apart = np.concatenate(
            [
                np.abs(distances[a[k : k + 2000]] - distances[b[k : k + 2000]]).mean(axis=1)
                for k in range(0, len(a), 2000)
            ]
        )
        for m, n, d in zip(a[apart < _NEAR], b[apart < _NEAR], apart[apart < _NEAR], strict=True):
            pair = (int(min(m, n)), int(max(m, n)))
            if not taken[pair[1]]:
                taken[pair[1]] = True
                (equal if d < _EQUAL else near).append(pair)
    return sorted(equal), sorted(near)


def _contradict(context: CheckContext, m: int, n: int) -> bool:
    data = context.dataset
    energies = data.energies[[m, n]]
    if abs(energies[0] - energies[1]) > _CONTRADICTS * np.nanstd(data.energies):
        return True
    if data.forces is None:
        return False
    sizes = np.linalg.norm(data.forces[[m, n]], axis=2)
    return float(np.abs(sizes[0] - sizes[1]).max()) > _CONTRADICTS * float(data.forces.std())


def _frames(context: CheckContext, pairs: Pairs) -> tuple[int, ...]:
    return context.frames(np.array(sorted({m for pair in pairs for m in pair})))


def _examples(context: CheckContext, pairs: Pairs) -> str:
    shown = [" and ".join(context.place(m) for m in pair) for pair in pairs[:4]]
    return ", ".join(shown) + (f", ... ({len(pairs)} in all)" if len(pairs) > 4 else "")
