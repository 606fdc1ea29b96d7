"""K β without K: the kernel matrix of the training frames applied to a vector.

With v and w of the vector (system.py) as weights, K β are the energies and forces that these weights predict at the training
frames: the sums of kernel_sum.py, once for every frame. On the CPU that is the compiled loop of the prediction. It computes kernel
functions anew for each vector: to keep them takes gigabytes, which must then be read every time, and that takes as long.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.kernel_sum import KernelSum, total
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm


class KernelOperator:
    """The matrix K of some rows, applied to vectors; n = M·W.

    Args:
        frames: all training frames.
        terms: of the kernel.
        rows: the frames whose rows of the result are computed; all by default.
    """

    def __init__(self, frames: KernelFrames, terms: Sequence[KernelTerm], rows: range | None = None) -> None:
        self.frames, self.terms = frames, terms
        self.rows = range(len(frames)) if rows is None else rows

    @staticmethod
    def n_bytes(n_frames: int, terms: Sequence[KernelTerm]) -> int:
        """Memory (bytes) of the arrays of an application: y and u of all environments, thrice."""
        return sum(6 * 8 * n_frames * term.n_environments * term.size for term in terms)

    def __call__(self, weights: Float[Tensor, "n"]) -> Float[Tensor, "m"]:
        """K β, for these rows."""
        v, w = self.frames.sources(weights)
        chosen = slice(self.rows.start, self.rows.stop)
        energies, forces = responses(self.terms, self.frames.centred, v, w, self.frames.centred[chosen])
        of_energies = None if w is None else energies[:, None]
        return self.frames.rows(forces[:, None], of_energies, chosen).flatten()


def responses(
    terms: Sequence[KernelTerm],
    centred: Float[Tensor, "M D"],
    v: Float[Tensor, "M D"],
    w: Float[Tensor, "M"] | None,
    x: Float[Tensor, "I D"],
) -> tuple[Float[Tensor, "I"], Float[Tensor, "I D"]]:
    """The responses e and t at descriptors x, for weights v and w of frames with descriptors `centred`."""
    # Forces are minus the gradient of the energy, and so are the weights: both signs are put right here.
    sums = [KernelSum(term, centred, -v, w) for term in terms]
    if x.device.type != "cpu":
        energies, gradients = total(one(x) for one in sums)
    else:
        # Here, since Numba takes a while to load.
        from supple.models.kernel.compiled_kernel_sum import at_descriptors

        energies, gradients = at_descriptors(sums, x)
    return energies, -gradients
