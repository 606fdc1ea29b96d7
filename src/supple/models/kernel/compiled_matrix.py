"""Blocks of the kernel matrix as one compiled loop over pairs of frames.

The formulas of matrix_formulas.py in another order. Their arrays for a pair of frames hold V·d numbers for each term, which are written and
read again five times; here a pair is finished while its numbers are in the L1 cache. For a vector of modes c of frame j, and each term,

    h_p  = d_p·G_jp ,  b_p = decay_p h_p - w slope_p          over the images p of an environment, d_p = y_i - y_jp
    t   += c γ Σ_p [ slope_p G_jp - b_p d_p ] ,   e += c Σ_p [ w (slope_p + γ q² decay_p) - γ slope_p h_p ]

and finally G_iᵀ t. A vector is `DOUBLES` modes of frame j, so that nothing is summed across it. Distances are sums of squared
differences, without cancellation.

Compiled by Numba, in double precision; threads share the frames i.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, no_type_check

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel import compiled_exponential
from supple.models.kernel.compiled_exponential import exponential
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.runtime.jit.compilation import is_compiled
from supple.runtime.jit.compile_options import Compiler
from supple.runtime.jit.vectors import DOUBLES, item, load, put, root, splat, store
from supple.runtime.jit.vectors import total as lanes_total
from supple.runtime.threads import run_in_threads

_COMPILER = Compiler(Path(__file__), Path(compiled_exponential.__file__))
_compiled, _inlined = _COMPILER.compiled, _COMPILER.inlined

#: Rows of G_iᵀ t that are summed together, in registers.
_ROWS = 8
#: Numbers of the Jacobians of frames j that stay in the L2 cache while the frames i pass.
_WORK = 100_000


def is_loop_compiled() -> bool:
    """Whether the loop need not be compiled any more."""
    return is_compiled(_fill)


class CompiledBlocks:
    """Blocks of the kernel matrix of frames on the CPU.

    Args:
        frames: all training frames.
        terms: of the kernel.
    """

    def __init__(self, frames: KernelFrames, terms: Sequence[KernelTerm]) -> None:
        self.frames = frames
        sizes = [(term.n_environments, len(term.images), term.size, _padded(term.size)) for term in terms]
        lengths = np.array([(e * d, j * d, d) for e, j, _, d in sizes])
        starts = np.cumsum(lengths, axis=0) - lengths
        orders = [term.kernel.order for term in terms]
        self._table = np.column_stack([np.array(sizes), np.array(orders), starts])
        self._constants = np.array([(term.amplitude, term.kernel.gamma) for term in terms])
        self._x, self._entries = frames.centred.numpy(), [term.images.numpy() for term in terms]
        environments = [term.environments.numpy() for term in terms]
        self._own = _joined([self._x[:, some] for some in environments])
        self._squares = _joined([term.local_weights.numpy()[None] ** 2 for term in terms])[0]
        # Entries as offsets of vectors; that of the padding is never used.
        self._environments = _joined([some[None] * DOUBLES for some in environments])[0]
        self._images = _joined([some[None] * DOUBLES for some in self._entries])[0]
        self._g = frames.g.contiguous().numpy()
        self._amplitude = np.zeros(len(frames)) if frames.amplitude is None else frames.amplitude.numpy()

    def fill(
        self, out: Float[Tensor, "R C"], frames_j: Int[Tensor, "G"], modes: Int[Tensor, "G K"], rows: slice
    ) -> None:
        """Write the columns of some modes of frames j, side by side, in the rows of frames i; a row of `out` is contiguous."""
        n_modes, (first, last, _) = modes.shape[1], rows.indices(len(self.frames))
        of_j = self._of_frames(frames_j.numpy(), modes.numpy())
        flat = out.as_strided((out.untyped_storage().nbytes() // out.itemsize,), (1,), 0).numpy()
        place = flat, out.storage_offset(), out.stride(0), n_modes
        together = max(1, _WORK // (self._g.shape[1] * _padded(n_modes)))
        parts = max(1, min(torch.get_num_threads(), last - first))
        run_in_threads(partial(self._part, place, (first, last, parts), (together, *of_j)), parts)

    def _of_frames(
        self, frames_j: Int[np.ndarray, "G"], modes: Int[np.ndarray, "G K"]
    ) -> tuple[Float[np.ndarray, "G L D S"], Float[np.ndarray, "G I"], Float[np.ndarray, "G P"]]:
        """Of frames j: columns of G by vectors, the images of x, and the amplitudes of the modes that are energies.

        By NumPy: threads of PyTorch go on spinning for a while, on cores that the loop needs.
        """
        padded = ((0, 0), (0, _padded(modes.shape[1]) - modes.shape[1]))
        g = np.take_along_axis(self._g[frames_j], modes[:, None], axis=2)
        g = np.pad(g, ((0, 0), *padded)).reshape(*g.shape[:2], -1, DOUBLES).swapaxes(1, 2)
        x = self._x[frames_j]
        w = (modes == self.frames.width - 1) * self._amplitude[frames_j, None]
        return np.ascontiguousarray(g), _joined([x[:, images] for images in self._entries]), np.pad(w, padded)

    def _part(self, place: Any, rows: tuple[int, int, int], of_j: Any, k: int) -> None:
        """Every frame i that is k modulo the number of parts."""
        terms = self._table, self._constants, self._environments, self._images, self._squares
        of_i = self._own, self._g, self._amplitude
        _fill(*place, *rows, k, *of_i, self.frames.amplitude is not None, *of_j, *terms)


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    """Rows of entries side by side, for each frame; each row is padded with zeros to whole vectors."""
    rows = [_padded_rows(array).reshape(len(array), -1) for array in arrays]
    return np.ascontiguousarray(np.concatenate(rows, axis=1))


def _padded_rows(array: np.ndarray) -> np.ndarray:
    size = array.shape[-1]
    return np.pad(array, (*[(0, 0)] * (array.ndim - 1), (0, _padded(size) - size)))


def _padded(size: int) -> int:
    return -(-size // DOUBLES) * DOUBLES


@_compiled
@no_type_check
def _fill(
    out, offset, stride, n_modes, first, last, parts, part, own, g, amplitude, with_energies,
    together, g_j, images_j, w_j,     table, constants, environments, images, squares,
):  # fmt: skip
    """Blocks of some frames i and all frames j that are given."""
    size, width, n_vectors = g.shape[1], g.shape[2], g_j.shape[1]
    n_differences, n_functions, longest = 0, 0, 0
    for t in range(len(table)):
        n_differences += table[t, 0] * table[t, 1] * table[t, 3]
        n_functions += table[t, 0] * _whole(table[t, 1])
        longest = max(longest, table[t, 3])
    raw, scaled = np.empty(n_differences), np.empty(n_differences)
    slope, decay, value = np.empty(n_functions), np.empty(n_functions), np.empty(n_functions)
    local, total, tile = np.empty(longest * DOUBLES), np.empty(size * DOUBLES), np.empty(_ROWS * DOUBLES)
    for start in range(0, len(g_j), together):
        for i in range(first + part, last, parts):
            for j in range(start, min(start + together, len(g_j))):
                _differences(own, i * own.shape[1], images_j, j * images_j.shape[1], squares, table, raw, scaled, value)
                _functions(value, slope, decay, table, constants)
                for v in range(n_vectors):
                    total[:] = 0.0
                    energy = _respond(
                        g_j, (j * n_vectors + v) * size * DOUBLES, load(w_j, (j * n_vectors + v) * DOUBLES),
                        raw, scaled, slope, decay, value, local, total, table, constants, environments, images, squares,
                    )  # fmt: skip
                    place = offset + (i - first) * width * stride + j * n_modes + v * DOUBLES
                    n_kept = min(DOUBLES, n_modes - v * DOUBLES)
                    _to_rows(out, place, stride, n_kept, g, i, total, tile)
                    if with_energies:
                        store(tile, 0, energy)
                        for c in range(n_kept):
                            put(out, place + (width - 1) * stride + c, amplitude[i] * tile[c])


@_inlined
@no_type_check
def _whole(size):
    """Rounded up to whole vectors."""
    return (size + DOUBLES - 1) // DOUBLES * DOUBLES


@_inlined
@no_type_check
def _differences(own, at_i, images_j, at_j, squares, table, raw, scaled, value):
    """x_i - x_jp of all environments and images, the same times the squared weights, and q²."""
    place, function = 0, 0
    for t in range(len(table)):
        n_environments, n_images, d = table[t, 0], table[t, 1], table[t, 3]
        from_i, from_j, from_squares = at_i + table[t, 5], at_j + table[t, 6], table[t, 7]
        for e in range(n_environments):
            for p in range(n_images):
                sums = splat(0.0)
                for k in range(0, d, DOUBLES):
                    difference = load(own, from_i + e * d + k) - load(images_j, from_j + p * d + k)
                    weighted = difference * load(squares, from_squares + k)
                    sums += difference * weighted
                    store(raw, place, difference)
                    store(scaled, place, weighted)
                    place += DOUBLES
                put(value, function + p, lanes_total(sums))
            for p in range(n_images, _whole(n_images)):
                put(value, function + p, 0.0)
            function += _whole(n_images)


@_inlined
@no_type_check
def _functions(value, slope, decay, table, constants):
    """slope, decay and slope + γ q² decay, the last in place of q²."""
    third, at = splat(1 / 3), 0
    for t in range(len(table)):
        order, gamma = table[t, 4], splat(constants[t, 1])
        for _ in range(0, table[t, 0] * _whole(table[t, 1]), DOUBLES):
            squared = load(value, at)
            q = root(squared)
            decays = exponential(splat(0.0) - q)
            slopes = decays + q * decays
            if order == 3:
                extra = third * squared * decays
                decays = third * slopes
                slopes = slopes + extra
            store(slope, at, slopes)
            store(decay, at, decays)
            store(value, at, slopes + gamma * squared * decays)
            at += DOUBLES


@_inlined
@no_type_check
def _respond(
    g_j, at, w, raw, scaled, slope, decay, value, local, total, table, constants, environments, images, squares
):
    """Add to `total` the t of a vector of modes, and return their e."""
    place, function = 0, 0
    energies = splat(0.0)
    for t in range(len(table)):
        n_environments, n_images, size, d = table[t, 0], table[t, 1], table[t, 2], table[t, 3]
        from_own, from_images, from_squares = table[t, 5], table[t, 6], table[t, 7]
        amplitude, gamma = constants[t, 0], splat(constants[t, 1])
        energy = splat(0.0)
        for e in range(n_environments):
            for k in range(size):
                store(local, k * DOUBLES, splat(0.0))
            for p in range(0, n_images, 2):  # two images at a time: half as many passes through `local`
                one, first = place + p * d, from_images + p * d
                a, slope_a = _along(scaled, one, g_j, at, images, first, size), splat(item(slope, function + p))
                energy += w * splat(item(value, function + p)) - gamma * slope_a * a
                a = splat(item(decay, function + p)) * a - w * slope_a
                if p + 1 < n_images:
                    other, second = one + d, first + d
                    b, slope_b = (
                        _along(scaled, other, g_j, at, images, second, size),
                        splat(item(slope, function + p + 1)),
                    )
                    energy += w * splat(item(value, function + p + 1)) - gamma * slope_b * b
                    b = splat(item(decay, function + p + 1)) * b - w * slope_b
                    for k in range(size):
                        sums = load(local, k * DOUBLES) + slope_a * load(g_j, at + item(images, first + k))
                        sums += slope_b * load(g_j, at + item(images, second + k))
                        sums -= a * splat(item(raw, one + k))
                        store(local, k * DOUBLES, sums - b * splat(item(raw, other + k)))
                else:
                    for k in range(size):
                        sums = load(local, k * DOUBLES) + slope_a * load(g_j, at + item(images, first + k))
                        store(local, k * DOUBLES, sums - a * splat(item(raw, one + k)))
            place += n_images * d
            factor = amplitude * constants[t, 1]
            for k in range(size):
                entry = item(environments, from_own + e * d + k)
                weight = splat(factor * item(squares, from_squares + k))
                store(total, entry, load(total, entry) + weight * load(local, k * DOUBLES))
            function += _whole(n_images)
        energies += splat(amplitude) * energy
    return energies


@_inlined
@no_type_check
def _along(scaled, place, g_j, at, images, entry, size):
    """d·G of an image, for a vector of modes: four sums, so that none waits for the one before."""
    a0, a1, a2, a3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
    whole = size - size % 4
    for k in range(0, whole, 4):
        a0 += splat(item(scaled, place + k)) * load(g_j, at + item(images, entry + k))
        a1 += splat(item(scaled, place + k + 1)) * load(g_j, at + item(images, entry + k + 1))
        a2 += splat(item(scaled, place + k + 2)) * load(g_j, at + item(images, entry + k + 2))
        a3 += splat(item(scaled, place + k + 3)) * load(g_j, at + item(images, entry + k + 3))
    for k in range(whole, size):
        a0 += splat(item(scaled, place + k)) * load(g_j, at + item(images, entry + k))
    return (a0 + a1) + (a2 + a3)


@_inlined
@no_type_check
def _to_rows(out, place, stride, n_kept, g, i, total, tile):
    """Write G_iᵀ t for a vector of modes."""
    size, width = g.shape[1], g.shape[2]
    row = 0
    while row < width:
        at = i * size * width + row
        if row + _ROWS <= width:
            a0, a1, a2, a3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
            a4, a5, a6, a7 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
            for k in range(size):
                t = load(total, k * DOUBLES)
                a0 += splat(item(g, at)) * t
                a1 += splat(item(g, at + 1)) * t
                a2 += splat(item(g, at + 2)) * t
                a3 += splat(item(g, at + 3)) * t
                a4 += splat(item(g, at + 4)) * t
                a5 += splat(item(g, at + 5)) * t
                a6 += splat(item(g, at + 6)) * t
                a7 += splat(item(g, at + 7)) * t
                at += width
            store(tile, 0, a0)
            store(tile, DOUBLES, a1)
            store(tile, 2 * DOUBLES, a2)
            store(tile, 3 * DOUBLES, a3)
            store(tile, 4 * DOUBLES, a4)
            store(tile, 5 * DOUBLES, a5)
            store(tile, 6 * DOUBLES, a6)
            store(tile, 7 * DOUBLES, a7)
            for r in range(_ROWS):
                _put(out, place + (row + r) * stride, tile, r * DOUBLES, n_kept)
            # The last rows of all are done together with some before them.
            row = row + _ROWS if row + 2 * _ROWS <= width or row + _ROWS == width else width - _ROWS
        else:
            a0 = splat(0.0)
            for k in range(size):
                a0 += splat(item(g, at + k * width)) * load(total, k * DOUBLES)
            store(tile, 0, a0)
            _put(out, place + row * stride, tile, 0, n_kept)
            row += 1


@_inlined
@no_type_check
def _put(out, place, tile, at, n_kept):
    """Store the first numbers of a vector."""
    if n_kept == DOUBLES:
        store(out, place, load(tile, at))
    else:
        for c in range(n_kept):
            put(out, place + c, item(tile, at + c))
