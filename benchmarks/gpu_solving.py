"""sGDML is trained on the CPU: what its pieces take there, and would take on a GPU; part of gpu.py."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
import torch._dynamo
from gpu_measuring import LAMBDA, SIGMA, Bench
from torch import Tensor

from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import n_columns
from supple.models.kernel.problem import Problem
from supple.models.kernel.system import assemble, columns
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_permutations


def solving(bench: Bench) -> None:
    """Pieces of the training of sGDML, in double precision."""
    cases = [("glycine", 20)] if bench.small else [("azobenzene", 200), ("glycine", 1000)]
    bench.table("sGDML, direct: seconds", (_direct(bench, *case) for case in cases))
    case = ("azobenzene", 20) if bench.small else ("azobenzene", 1000)
    bench.table("sGDML, by iteration: seconds", iter([_iterative(bench, *case)]))
    print(
        "\nsGDML is trained on the CPU alone today; columns of the GPU are the same code with its arrays moved there."
    )


def _problem(bench: Bench, molecule: str, n: int) -> Problem:
    train, _ = bench.frames(molecule, n)
    permutations = find_permutations(train.numbers, train.positions)
    descriptor = make_descriptor("dihedrals", train.numbers, train.positions, permutations)
    return Problem(train, permutations, None, descriptor)


def _moved(frames: Any, device: torch.device) -> Any:
    """The training frames with all arrays on a device."""
    there = copy.copy(frames)
    for name, value in vars(frames).items():
        if isinstance(value, Tensor):
            setattr(there, name, value.to(device))
        elif isinstance(value, torch.nn.Module):
            setattr(there, name, copy.deepcopy(value).to(device))
    return there


def _direct(bench: Bench, molecule: str, n: int) -> dict[str, Any]:
    problem, sigma = _problem(bench, molecule, n), SIGMA[molecule]
    frames = problem.frames
    triangles: list[Triangle] = []
    assembling = bench.once(lambda: triangles.append(assemble(frames, sigma, lambda done, total: None)))
    triangle = triangles[0]
    square = triangle.dense()
    square.diagonal().add_(LAMBDA)
    moving = bench.once(lambda: [strip.to(bench.device) for strip in triangle.strips])
    there = _moved(frames, bench.device)
    other = copy.copy(triangle)
    other.strips = [torch.zeros_like(strip, device=bench.device) for strip in triangle.strips]

    def assemble_there() -> None:
        for j in range(len(there)):
            other.set_column(j, j, columns(there, sigma, {j: slice(None)}, slice(j, len(there))))

    columns(there, sigma, {0: slice(None)}, slice(0, len(there)))  # a warm-up, also of what follows
    torch.linalg.cholesky(torch.eye(100, dtype=torch.float64, device=bench.device))
    assembling_there = bench.once(assemble_there)
    apart = max(float((a - b.cpu()).tril().abs().max()) for a, b in zip(triangle.strips, other.strips, strict=True))

    def quiet(done: float, total: float) -> None:
        """Nothing is printed."""

    row = {
        "system": f"{molecule}, {n} frames",
        "rows": len(square),
        "assembly, CPU": assembling,
        "assembly, GPU": assembling_there,
        "strips, CPU": bench.once(lambda: triangle.factorise(LAMBDA, quiet)),
        "strips, GPU": bench.once(lambda: other.factorise(LAMBDA, quiet)),
        "dense, CPU": bench.once(lambda: torch.linalg.cholesky(square)),
    }
    on_device = square.to(bench.device)
    row["dense, GPU"] = bench.seconds(lambda: torch.linalg.cholesky(on_device), least=3)
    row["to the GPU"] = moving
    right = problem.rhs
    weights, weights_there = triangle.solve(right), other.solve(right.to(bench.device)).cpu()
    test = bench.frames(molecule, n)[1].positions[:100]
    _, forces = problem.potential(sigma, weights).predict(test)
    _, forces_there = problem.potential(sigma, weights_there).predict(test)
    row["matrix, largest difference"] = apart
    row["forces, largest difference, eV/Å"] = float(np.abs(forces - forces_there).max())
    return row


def _iterative(bench: Bench, molecule: str, n: int) -> dict[str, Any]:
    problem, sigma = _problem(bench, molecule, n), SIGMA[molecule]
    here, there = problem.frames, _moved(problem.frames, bench.device)
    operators: dict[str, KernelOperator] = {}
    size = n_columns(len(problem.rhs))
    row: dict[str, Any] = {"system": f"{molecule}, {n} frames", "rows": len(problem.rhs), "columns": size}
    for name, frames in (("CPU", here), ("GPU", there)):
        device = frames.x.device
        vector = problem.rhs.to(device)
        row[f"operator made, {name}"] = bench.once(
            lambda: operators.update({name: KernelOperator(frames, sigma)})  # noqa: B023
        )
        row[f"operator applied, {name}"] = bench.seconds(lambda: operators[name](vector), least=3)  # noqa: B023
        block = torch.randn(len(vector), size, dtype=torch.float64, device=device)
        row[f"2 n k numbers read, {name}"] = bench.seconds(lambda: block @ (block.T @ vector), least=3)  # noqa: B023
        row[f"product of n k², {name}"] = bench.once(lambda: block.T @ block)  # noqa: B023
        del block
    applied = (operators["CPU"](problem.rhs), operators["GPU"](problem.rhs.to(bench.device)).cpu())
    row["applied, relative difference"] = float((applied[0] - applied[1]).norm() / applied[0].norm())
    return row
