"""What the pieces of a training of sGDML take on the CPU and on a GPU; part of gpu.py."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
import torch._dynamo
from gpu_measuring import LAMBDA, SIGMA, Bench

from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import n_force_columns
from supple.models.kernel.problem import Problem
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_permutations


def solving(bench: Bench) -> None:
    """Pieces of the training of sGDML, in double precision."""
    cases = [("glycine", 20)] if bench.small else [("azobenzene", 200), ("glycine", 1000)]
    bench.table("sGDML, direct: seconds", (_direct(bench, *case) for case in cases))
    case = ("azobenzene", 20) if bench.small else ("azobenzene", 1000)
    bench.table("sGDML, by iteration: seconds", iter([_iterative(bench, *case)]))


def _problem(bench: Bench, molecule: str, n: int) -> Problem:
    train, _ = bench.frames(molecule, n)
    permutations = find_permutations(train.numbers, train.positions)
    descriptor = make_descriptor("dihedrals", train.numbers, train.positions, permutations)
    return Problem(train, permutations, None, descriptor)


def _quiet(done: float, total: float) -> None:
    """Nothing is printed."""


def _direct(bench: Bench, molecule: str, n: int) -> dict[str, Any]:
    problem = _problem(bench, molecule, n)
    frames = problem.frames
    kernel = MolecularKernel.uniform(SIGMA[molecule], frames.action)
    triangles: list[Triangle] = []

    def assemble(some: Any, terms: Any) -> None:
        triangles.append(KernelMatrix(some, terms).lower_triangle(_quiet))

    assembling = bench.once(lambda: assemble(frames, kernel.terms))
    square = triangles[0].dense()
    square.diagonal().add_(LAMBDA)
    moving = bench.once(lambda: [strip.to(bench.device) for strip in triangles[0].strips])
    there, terms_there = frames.to(bench.device), copy.deepcopy(kernel).to(bench.device).terms
    # A warm-up, also of what follows.
    KernelMatrix(there, terms_there).columns({0: slice(None)}, slice(0, len(there)))
    torch.linalg.cholesky(torch.eye(100, dtype=torch.float64, device=bench.device))
    assembling_there = bench.once(lambda: assemble(there, terms_there))
    triangle, other = triangles
    apart = max(float((a - b.cpu()).tril().abs().max()) for a, b in zip(triangle.strips, other.strips, strict=True))
    row = {
        "system": f"{molecule}, {n} frames",
        "rows": len(square),
        "assembly, CPU": assembling,
        "assembly, GPU": assembling_there,
        "strips, CPU": bench.once(lambda: triangle.factorise(LAMBDA, _quiet)),
        "strips, GPU": bench.once(lambda: other.factorise(LAMBDA, _quiet)),
        "dense, CPU": bench.once(lambda: torch.linalg.cholesky(square)),
    }
    on_device = square.to(bench.device)
    row["dense, GPU"] = bench.seconds(lambda: torch.linalg.cholesky(on_device), least=3)
    row["to the GPU"] = moving
    right = problem.rhs
    weights, weights_there = triangle.solve(right), other.solve(right.to(bench.device)).cpu()
    test = bench.frames(molecule, n)[1].positions[:100]
    _, forces = problem.potential(kernel, weights).predict(test)
    _, forces_there = problem.potential(kernel, weights_there).predict(test)
    row["matrix, largest difference"] = apart
    row["forces, largest difference, eV/Å"] = float(np.abs(forces - forces_there).max())
    return row


def _iterative(bench: Bench, molecule: str, n: int) -> dict[str, Any]:
    problem = _problem(bench, molecule, n)
    here, there = problem.frames, problem.frames.to(bench.device)
    kernel = MolecularKernel.uniform(SIGMA[molecule], here.action)
    terms, terms_there = kernel.terms, copy.deepcopy(kernel).to(bench.device).terms
    operators = {"CPU": KernelOperator(here, terms), "GPU": KernelOperator(there, terms_there)}
    size = n_force_columns(len(problem.rhs), 2.0)
    row: dict[str, Any] = {"system": f"{molecule}, {n} frames", "rows": len(problem.rhs), "columns": size}
    for name, frames in (("CPU", here), ("GPU", there)):
        device = frames.x.device
        vector = problem.rhs.to(device)
        row[f"operator applied, {name}"] = bench.seconds(lambda: operators[name](vector), least=3)  # noqa: B023
        block = torch.randn(len(vector), size, dtype=torch.float64, device=device)
        row[f"2 n k numbers read, {name}"] = bench.seconds(lambda: block @ (block.T @ vector), least=3)  # noqa: B023
        row[f"product of n k², {name}"] = bench.once(lambda: block.T @ block)  # noqa: B023
        del block
    applied = (operators["CPU"](problem.rhs), operators["GPU"](problem.rhs.to(bench.device)).cpu())
    row["applied, relative difference"] = float((applied[0] - applied[1]).norm() / applied[0].norm())
    return row
