"""Products of an atom's components with each other, to components of degrees up to 0 or 2, with a weight for each path.

    out_c = Σ_paths w_p Σ_ab C^p_abc x_a y_b

The couplings of all paths are the rows of one sparse matrix, a row for each path and component that it leads to.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.neural.bespoke.harmonics import COMPONENTS, block, couplings, paths


class Products(nn.Module):
    """The products to all degrees up to `highest`; weights are those of each atom, one for each of the P paths and F channels.

    Attributes:
        n_paths: P.
    """

    matrix: Tensor
    path: Tensor
    component: Tensor
    sums: Tensor

    def __init__(self, highest: int) -> None:
        super().__init__()
        rows, path_of_row, component_of_row = [], [], []
        for number, path in enumerate(found := paths(highest)):
            coefficients = couplings(path)
            for m in range(2 * path.to + 1):
                row = np.zeros((COMPONENTS, COMPONENTS))
                row[block(path.left), block(path.right)] = coefficients[:, :, m]
                rows.append(row.flatten())
                path_of_row.append(number)
                component_of_row.append(path.to**2 + m)
        self.n_paths = len(found)
        component = torch.tensor(component_of_row)
        constants = {
            "matrix": torch.tensor(np.array(rows), dtype=torch.get_default_dtype()),
            "path": torch.tensor(path_of_row),
            "component": component,
            "sums": (component == torch.arange((highest + 1) ** 2)[:, None]).to(torch.get_default_dtype()),
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)

    def forward(
        self, weights: Float[Tensor, "N P F"], x: Float[Tensor, "N 9 B F"], y: Float[Tensor, "N 9 B F"]
    ) -> Float[Tensor, "N C B F"]:
        """The weighted sums of all paths."""
        n, _, b, f = x.shape
        both = (x[:, :, None] * y[:, None]).view(n, -1, b * f)
        of_paths = (self.matrix @ both).view(n, -1, b, f) * weights.index_select(1, self.path)[:, :, None]
        return (self.sums @ of_paths.flatten(2)).view(n, -1, b, f)

    def reverse(
        self,
        weights: Float[Tensor, "N P F"],
        x: Float[Tensor, "N 9 B F"],
        y: Float[Tensor, "N 9 B F"],
        by_out: Float[Tensor, "N C B F"],
    ) -> tuple[Float[Tensor, "N 9 B F"], Float[Tensor, "N 9 B F"]]:
        """Derivatives by x and y from those by the products."""
        n, components, b, f = x.shape
        by_paths = by_out.index_select(1, self.component) * weights.index_select(1, self.path)[:, :, None]
        by_both = (self.matrix.T @ by_paths.flatten(2)).view(n, components, components, b, f)
        return (by_both * y[:, None]).sum(2), (by_both * x[:, :, None]).sum(1)
