"""metatomic: a model file for its engines (ASE, LAMMPS, i-PI, torch-sim, ...), in eV and Å.

Engines obtain forces by differentiating the energy. Supple computes the forces itself, so the engine is given the energy

    E(R) = E₀ - F₀ · (R - R₀)      at R = R₀

whose value and first derivatives are those of the force field; its second derivatives are zero.

https://docs.metatensor.org/metatomic
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from supple.interfaces.export_format import ExportFormat
from supple.interfaces.torch_export import example_geometries, metadata, require_equal_output, with_own_buffers
from supple.models.potential import Potential
from supple.runtime.files import copy_file
from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    from metatomic.torch import AtomisticModel


def save_metatomic(potential: Potential, path: Path) -> None:
    """Write a model for metatomic's engines; an existing file is replaced atomically.

    Raises:
        SettingsError: metatomic is not installed.
        ModelFileError: this kind of force field cannot be exported, or the model does not reproduce it.
    """
    with extra("metatomic", "metatomic"):
        from metatomic.torch import load_atomistic_model

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, but all that metatomic's engines run
        temporary = Path(folder) / "model.pt"
        atomistic_model(potential).save(str(temporary))
        model = load_atomistic_model(str(temporary))
        expected = potential.operations().requires_grad_(False)
        require_equal_output(
            expected, _program(model, potential), [example_geometries(potential, count) for count in (1, 3)], path
        )
        copy_file(temporary, path)


def atomistic_model(potential: Potential) -> AtomisticModel:
    """The force field as an AtomisticModel with one output, the `energy` of a system.

    Raises:
        SettingsError: metatomic is not installed.
        ModelFileError: this kind of force field cannot be exported.
    """
    with extra("metatomic", "metatomic"):
        from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput

        from supple.interfaces.metatomic_module import EnergyOfMolecules

    positions = example_geometries(potential, 1)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about shapes, which never change: one geometry at a time
        traced = torch.jit.trace(with_own_buffers(potential.operations()), (positions,), check_trace=False)
    numbers = torch.tensor(potential.numbers.tolist(), dtype=torch.int32)
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="system", description="of a free molecule")},
        atomic_types=sorted(set(numbers.tolist())),
        # Every atom interacts with every other, so an engine must not split the molecule into domains.
        interaction_range=float("inf"),
        length_unit="angstrom",
        supported_devices=["cpu"],
        dtype="float64",
    )
    description = ModelMetadata(name=repr(potential).strip("<>"), extra={"supple": metadata(potential)})
    return AtomisticModel(EnergyOfMolecules(traced, numbers).eval(), description, capabilities)


def _program(model: Any, potential: Potential) -> Any:
    """What an engine does: energies of systems, and forces by their derivative."""
    from metatomic.torch import ModelEvaluationOptions, ModelOutput, System

    options = ModelEvaluationOptions(
        length_unit="angstrom", outputs={"energy": ModelOutput(unit="eV", sample_kind="system")}
    )
    types = torch.tensor(potential.numbers.tolist(), dtype=torch.int32)
    cell, free = torch.zeros(3, 3, dtype=torch.float64), torch.zeros(3, dtype=torch.bool)

    def program(positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.enable_grad():
            r = [one.clone().requires_grad_() for one in positions]
            energies = model([System(types, one, cell, free) for one in r], options, check_consistency=True)["energy"]
            values = energies.block().values[:, 0]
            gradients = torch.autograd.grad(values.sum(), r)
        return values.detach(), -torch.stack(gradients)

    return program


METATOMIC = ExportFormat(
    lambda potential, path, units: save_metatomic(potential, path), ".pt", "a metatomic model in eV and Å"
)
