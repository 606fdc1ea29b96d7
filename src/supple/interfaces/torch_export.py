"""PyTorch's own packages of a force field (.pt2): for programs that have torch but not Supple, in Python or C++.

    energies, forces = program(positions)      (B, N, 3) in Å, float64 -> (B,) in eV, (B, N, 3) in eV/Å, for any B

https://docs.pytorch.org/docs/stable/export.html
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor, nn

from supple.errors import ModelFileError, SettingsError
from supple.models.potential import Potential
from supple.runtime.files import copy_file

#: The name of what stands about the force field in a package: a file in one of torch.export, metadata in one of AOTInductor.
ABOUT = "supple.json"
#: Geometries with which a graph is taken; the packages take any number.
_EXAMPLES = 3
#: How near what is read back must be to what was written, relative to the largest force. Rounding stays far below, and
#: anything else that can happen lies far above.
_NEAR = 1e-4

Program = Callable[[Tensor], tuple[Tensor, Tensor]]


def about(potential: Potential) -> str:
    """What a force field is, as JSON: kind, atoms, units, what it was trained on."""
    made = potential.provenance
    return json.dumps(
        {
            "kind": potential.kind,
            "numbers": [int(z) for z in potential.numbers],
            "units": {"positions": "angstrom", "energy": "eV", "forces": "eV/angstrom"},
            "data": made.data_name,
            "n_train": made.n_train,
            "supple": version("supple"),
        }
    )


def save_torch(potential: Potential, path: Path) -> None:
    """Write a package that `torch.export.load(path).module()` reads; replaced in one step.

    Raises:
        ModelFileError: this kind of force field cannot be exported so, or does not come back as it was.
    """
    module = separate(potential.operations())

    def write(temporary: Path) -> Program:
        torch.export.save(_graph(module, potential), temporary, extra_files={ABOUT: about(potential)})
        return torch.export.load(temporary).module()

    _checked(module, potential, path, write)


def save_aotinductor(potential: Potential, path: Path) -> None:
    """Write a package compiled for this machine's processor, which `torch._inductor.aoti_load_package(path)` reads.

    C++ programs read it by `torch::inductor::AOTIModelPackageLoader`. Compiling takes about a minute.

    Raises:
        SettingsError: there is no C++ compiler.
        ModelFileError: this kind of force field cannot be exported so, or does not come back as it was.
    """
    if not any(shutil.which(compiler) for compiler in ("c++", "g++", "clang++")):
        raise SettingsError("AOTInductor compiles to C++, but no C++ compiler was found: install g++.")
    module = separate(potential.operations())

    def write(temporary: Path) -> Program:
        with warnings.catch_warnings():  # of torch about torch
            warnings.simplefilter("ignore")
            from torch._inductor import aoti_compile_and_package, aoti_load_package

            configs = {"aot_inductor.metadata": {ABOUT: about(potential)}}
            program = _graph(module, potential)
            aoti_compile_and_package(program, package_path=str(temporary), inductor_configs=configs)
            return aoti_load_package(str(temporary))

    _checked(module, potential, path, write)


def separate(module: nn.Module) -> nn.Module:
    """The module with arrays that are no parts of others, as packages want them; nothing is differentiated by them."""
    for part in module.requires_grad_(False).eval().modules():
        for name, buffer in part.named_buffers(recurse=False):
            setattr(part, name, buffer.clone(memory_format=torch.contiguous_format))
    return module


def examples(potential: Potential, count: int = _EXAMPLES) -> Tensor:
    """Geometries (count, N, 3), Å, that mean nothing, but in which no atoms lie on each other."""
    n = len(potential.numbers)
    places = torch.cartesian_prod(*(torch.arange(float(-(-n // 4) + 1)) for _ in range(3)))[:n].double() * 1.2
    return places + 0.2 * torch.rand(count, n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def _graph(module: nn.Module, potential: Potential) -> torch.export.ExportedProgram:
    batch = torch.export.Dim("batch", min=1)
    with torch.no_grad():
        return torch.export.export(module, (examples(potential),), dynamic_shapes=({0: batch},), strict=False)


def _checked(module: nn.Module, potential: Potential, path: Path, write: Callable[[Path], Program]) -> None:
    """Write beside, read back, compare at other numbers of geometries, and only then put in place."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "package.pt2"
        program = write(temporary)
        require_same(module, program, [examples(potential, count) for count in (1, _EXAMPLES + 2)], path)
        copy_file(temporary, path)


def require_same(module: Program, program: Program, batches: list[Tensor], path: Path) -> None:
    """Refuse a program that does not compute what the module does.

    Raises:
        ModelFileError: energies or forces differ by more than rounding.
    """
    for positions in batches:
        with torch.no_grad():
            expected = module(positions)
        size = _NEAR * float(expected[1].abs().max())
        for ours, theirs in zip(expected, program(positions), strict=True):
            if ours.shape != theirs.shape or not bool((ours - theirs).abs().max() <= size):
                raise ModelFileError(
                    f"The package for {path} does not compute what the force field does, and was not written: this "
                    f"version of PyTorch ({torch.__version__}) cannot export it."
                )
