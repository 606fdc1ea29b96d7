"""PyTorch's own packages of a force field (.pt2), for Python or C++ programs that have torch but not Supple.

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
from supple.interfaces.export_format import ExportFormat
from supple.models.potential import Potential
from supple.runtime.files import copy_file

#: Where a package keeps its metadata: a file in a torch.export package, an entry of the metadata in an AOTInductor package.
METADATA = "supple.json"
#: Geometries with which the graph is captured; the packages take any number.
_N_EXAMPLES = 3
#: Largest difference between what was written and what is read back, relative to the largest force. Rounding stays far below
#: it, any other error lies far above.
_TOLERANCE = 1e-4

Program = Callable[[Tensor], tuple[Tensor, Tensor]]


def metadata(potential: Potential) -> str:
    """The kind, atomic numbers, units and training data of a force field, as JSON."""
    provenance = potential.provenance
    return json.dumps(
        {
            "kind": potential.kind,
            "numbers": [int(z) for z in potential.numbers],
            "units": {"positions": "angstrom", "energy": "eV", "forces": "eV/angstrom"},
            "data": provenance.data_name,
            "n_train": provenance.n_train,
            "supple": version("supple"),
        }
    )


def save_torch(potential: Potential, path: Path) -> None:
    """Write a package that `torch.export.load(path).module()` reads; an existing file is replaced atomically.

    Raises:
        ModelFileError: this kind of force field cannot be exported, or the package does not reproduce it.
    """
    module = with_own_buffers(potential.operations())

    def write(temporary: Path) -> Program:
        torch.export.save(_graph(module, potential), temporary, extra_files={METADATA: metadata(potential)})
        return torch.export.load(temporary).module()

    _write_verified(module, potential, path, write)


def save_aotinductor(potential: Potential, path: Path) -> None:
    """Write a package compiled for this machine's processor, to be read by `torch._inductor.aoti_load_package(path)`.

    C++ programs read it with `torch::inductor::AOTIModelPackageLoader`. Compiling takes about a minute.

    Raises:
        SettingsError: there is no C++ compiler.
        ModelFileError: this kind of force field cannot be exported, or the package does not reproduce it.
    """
    if not any(shutil.which(compiler) for compiler in ("c++", "g++", "clang++")):
        raise SettingsError("AOTInductor needs a C++ compiler, and none was found: install g++.")
    module = with_own_buffers(potential.operations())

    def write(temporary: Path) -> Program:
        with warnings.catch_warnings():  # torch warns about its own code
            warnings.simplefilter("ignore")
            from torch._inductor import aoti_compile_and_package, aoti_load_package

            configs = {"aot_inductor.metadata": {METADATA: metadata(potential)}}
            program = _graph(module, potential)
            aoti_compile_and_package(program, package_path=str(temporary), inductor_configs=configs)
            return aoti_load_package(str(temporary))

    _write_verified(module, potential, path, write)


def with_own_buffers(module: nn.Module) -> nn.Module:
    """The module with buffers that are not views of other arrays, as packages require, and without gradients."""
    for part in module.requires_grad_(False).eval().modules():
        for name, buffer in part.named_buffers(recurse=False):
            setattr(part, name, buffer.clone(memory_format=torch.contiguous_format))
    return module


def example_geometries(potential: Potential, count: int = _N_EXAMPLES) -> Tensor:
    """Arbitrary geometries (count, N, 3), Å, in which no two atoms coincide."""
    n = len(potential.numbers)
    places = torch.cartesian_prod(*(torch.arange(float(-(-n // 4) + 1)) for _ in range(3)))[:n].double() * 1.2
    return places + 0.2 * torch.rand(count, n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def _graph(module: nn.Module, potential: Potential) -> torch.export.ExportedProgram:
    batch = torch.export.Dim("batch", min=1)
    with torch.no_grad():
        return torch.export.export(module, (example_geometries(potential),), dynamic_shapes=({0: batch},), strict=False)


def _write_verified(module: nn.Module, potential: Potential, path: Path, write: Callable[[Path], Program]) -> None:
    """Write to a temporary file, read it back, compare at other batch sizes, and only then move it into place."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "package.pt2"
        program = write(temporary)
        require_equal_output(
            module, program, [example_geometries(potential, count) for count in (1, _N_EXAMPLES + 2)], path
        )
        copy_file(temporary, path)


def require_equal_output(module: Program, program: Program, batches: list[Tensor], path: Path) -> None:
    """Refuse a program whose energies or forces differ from those of the module.

    Raises:
        ModelFileError: they differ by more than rounding.
    """
    for positions in batches:
        with torch.no_grad():
            expected = module(positions)
        size = _TOLERANCE * float(expected[1].abs().max())
        for ours, theirs in zip(expected, program(positions), strict=True):
            if ours.shape != theirs.shape or not bool((ours - theirs).abs().max() <= size):
                raise ModelFileError(
                    f"{path} was not written, because the package does not reproduce the force field: this version of "
                    f"PyTorch ({torch.__version__}) cannot export it."
                )


TORCH_EXPORT = ExportFormat(
    lambda potential, path, units: save_torch(potential, path), ".pt2", "a torch.export package in eV and Å"
)
AOTINDUCTOR = ExportFormat(
    lambda potential, path, units: save_aotinductor(potential, path),
    ".aoti.pt2",
    "an AOTInductor package in eV and Å, compiled for this machine's processor",
)
