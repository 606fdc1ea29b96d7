"""metatomic: a model file that its engines read (ASE, LAMMPS, i-PI, torch-sim, ...). Units eV and Å.

Engines take forces from the energy by automatic differentiation. Here the forces are known, and the energy they get is

    E(R) = E₀ - F₀ · (R - R₀)      at R = R₀

whose value and first derivative are those of the force field; its second derivative is 0.

https://docs.metatensor.org/metatomic
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from supple.interfaces.torch_export import about, examples, require_same, separate
from supple.models.potential import Potential
from supple.runtime.files import copy_file
from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    from metatomic.torch import AtomisticModel


def save_metatomic(potential: Potential, path: Path) -> None:
    """Write a model for metatomic's engines; replaced in one step.

    Raises:
        SettingsError: metatomic is not installed.
        ModelFileError: this kind of force field cannot be exported so, or does not come back as it was.
    """
    with extra("metatomic", "metatomic"):
        from metatomic.torch import load_atomistic_model

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, that TorchScript is old: metatomic's engines run nothing else
        temporary = Path(folder) / "model.pt"
        atomistic_model(potential).save(str(temporary))
        model = load_atomistic_model(str(temporary))
        expected = potential.operations().requires_grad_(False)
        require_same(expected, _program(model, potential), [examples(potential, count) for count in (1, 3)], path)
        copy_file(temporary, path)


def atomistic_model(potential: Potential) -> AtomisticModel:
    """The force field as an AtomisticModel with one output, the `energy` of a system.

    Raises:
        SettingsError: metatomic is not installed.
        ModelFileError: this kind of force field cannot be exported so.
    """
    with extra("metatomic", "metatomic"):
        from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput

        from supple.interfaces.metatomic_module import EnergyOfMolecules

    positions = examples(potential, 1)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shapes do not change: one geometry at a time
        traced = torch.jit.trace(separate(potential.operations()), (positions,), check_trace=False)
    numbers = torch.tensor(potential.numbers.tolist(), dtype=torch.int32)
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="system", description="of a free molecule")},
        atomic_types=sorted(set(numbers.tolist())),
        # Every atom feels every other: no domain of an engine may hold a part of the molecule.
        interaction_range=float("inf"),
        length_unit="angstrom",
        supported_devices=["cpu"],
        dtype="float64",
    )
    metadata = ModelMetadata(name=repr(potential).strip("<>"), extra={"supple": about(potential)})
    return AtomisticModel(EnergyOfMolecules(traced, numbers).eval(), metadata, capabilities)


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
