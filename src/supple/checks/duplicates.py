"""Frames that occur twice, within one file or in two.

Geometries are compared by their pair distances, so that translated, rotated and mirrored copies are recognised.
"""

from __future__ import annotations

import numpy as np

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding

#: Mean difference of pair distances, Å, below which geometries are equal, and nearly equal.
_EQUAL, _NEAR = 1e-4, 3e-3
#: Geometries of molecules with up to this many atoms are nearly equal by chance.
_FEW_ATOMS = 4
#: Labels of equal geometries that differ by more than this part of their spread contradict each other.
_CONTRADICTS = 0.02

Pairs = list[tuple[int, int]]


def _duplicates(context: CheckContext) -> list[Finding]:
    """`contradicting-labels`, `shared-frames`, `duplicate-frames`, `near-duplicates`."""
    equal, near = _matches(context)
    files = context.dataset.extras.get("file")
    across = [pair for pair in equal + near if files is not None and files[pair[0]] != files[pair[1]]]
    contradicting = [pair for pair in equal if _contradict(context, *pair)]
    equal, near = ([pair for pair in pairs if pair not in across] for pairs in (equal, near))
    found = []
    if contradicting:
        found.append(
            Finding(
                "contradicting-labels",
                "serious",
                f"equal geometries have different labels: {_examples(context, contradicting)}",
                "find out which labels are right, and remove the other frames",
                _frames(context, contradicting),
            )
        )
    if across:
        found.append(
            Finding(
                "shared-frames",
                "serious",
                f"{_geometries(across, 'is', 'are')} in more than one file: {_examples(context, across)}",
                "remove them from one of the files, or test frames will be among the training frames",
                _frames(context, across),
            )
        )
    if equal:
        found.append(
            Finding(
                "duplicate-frames",
                "warning",
                f"{_geometries(equal, 'occurs', 'occur')} twice: {_examples(context, equal)}",
                "remove one frame of each pair, or a test frame may equal a training frame",
                _frames(context, equal),
            )
        )
    if near:
        found.append(
            Finding(
                "near-duplicates",
                "warning",
                f"{_geometries(near, 'is', 'are')} nearly equal to another (within {_NEAR} Å): {_examples(context, near)}",
                "remove one frame of each pair, or test errors look smaller than they are",
                _frames(context, near),
            )
        )
    return found


DUPLICATES = Check(("contradicting-labels", "shared-frames", "duplicate-frames", "near-duplicates"), _duplicates)


def _matches(context: CheckContext) -> tuple[Pairs, Pairs]:
    """Pairs of frames that are equal, and that are nearly so; each frame with one that comes before it."""
    distances = context.distances
    if len(distances) < 2 or distances.shape[1] == 0:
        return [], []
    equal: Pairs = []
    near: Pairs = []
    limit = _EQUAL if context.dataset.n_atoms <= _FEW_ATOMS else _NEAR
    # Equal geometries have equal mean distances: sorted by these, candidates are neighbours.
    mean = distances.mean(axis=1)
    order = np.argsort(mean, kind="stable")
    matched = np.zeros(len(order), dtype=bool)
    for step in range(1, len(order)):
        first, second = order[:-step], order[step:]
        close = mean[second] - mean[first] < limit
        if not close.any():
            break
        a, b = first[close], second[close]
        difference = np.concatenate(
            [
                np.abs(distances[a[k : k + 2000]] - distances[b[k : k + 2000]]).mean(axis=1)
                for k in range(0, len(a), 2000)
            ]
        )
        within = difference < limit
        for m, n, d in zip(a[within], b[within], difference[within], strict=True):
            pair = (int(min(m, n)), int(max(m, n)))
            if not matched[pair[1]]:
                matched[pair[1]] = True
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


def _geometries(pairs: Pairs, singular: str, plural: str) -> str:
    return f"1 geometry {singular}" if len(pairs) == 1 else f"{len(pairs)} geometries {plural}"


def _frames(context: CheckContext, pairs: Pairs) -> tuple[int, ...]:
    return context.frame_numbers(np.array(sorted({m for pair in pairs for m in pair})))


def _examples(context: CheckContext, pairs: Pairs) -> str:
    shown = [" and ".join(context.frame_name(m) for m in pair) for pair in pairs[:4]]
    return ", ".join(shown) + (f", ... ({len(pairs)} pairs in all)" if len(pairs) > 4 else "")
