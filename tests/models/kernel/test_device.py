"""Arrays stay on the device of the frames: on torch's device without memory, an array of the CPU among them is an error."""

import pytest
import torch

import supple
from supple.models.kernel.matern import MATERN_7_2
from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.problem import Problem
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_permutations

META = torch.device("meta")


@pytest.fixture(params=[None, 1.0], ids=["forces", "energies"])
def moved(request):
    """A problem and a kernel of two terms, without their numbers."""
    data = supple.read("glycine").select(range(6))
    permutations = find_permutations(data.numbers, data.positions)
    descriptor = make_descriptor("dihedrals", data.numbers, data.positions, permutations)
    problem = Problem(data, permutations, request.param, descriptor)
    weights = torch.full((1, descriptor.size), 0.05, dtype=torch.float64)
    parts = [TermParts(1.0), TermParts(0.3, 0, tuple(range(10)))]
    kernel = MolecularKernel(MATERN_7_2, weights, parts, problem.frames.action)
    return problem.frames.to(META), kernel.to(META), problem.rhs.to(META)


def test_columns_and_triangle(moved):
    frames, kernel, _ = moved
    matrix = KernelMatrix(frames, kernel.terms)
    chosen = {0: slice(None), 2: torch.tensor([1, 3])}
    assert matrix.columns(chosen, slice(1, 6)).device == META
    triangle = matrix.lower_triangle(lambda done, total: None)
    assert all(strip.device == META for strip in triangle.strips)


def test_the_operator(moved):
    frames, kernel, rhs = moved
    applied = KernelOperator(frames, kernel.terms)(rhs)
    assert applied.device == META
    assert applied.shape == rhs.shape
