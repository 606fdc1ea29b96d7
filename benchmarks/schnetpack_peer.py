"""SchNetPack's part of the comparisons, run by the Python of its own environment.

    python schnetpack_peer.py train|predict DATA.npz ARCHITECTURE(JSON) ...

DATA holds z, R (Å), E (eV), F (eV/Å), and R_valid, E_valid, F_valid. Four adaptations let version 2.1 run with a present-day PyTorch;
none touches what is timed.
"""

import json
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TypeVar

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.utils.data.dataloader  # noqa: E402

torch.utils.data.dataloader.T_co = TypeVar("T_co", covariant=True)

import pytorch_lightning as pl  # noqa: E402
import schnetpack as spk  # noqa: E402
import schnetpack.transform as trn  # noqa: E402
import torchmetrics  # noqa: E402
from ase import Atoms  # noqa: E402
from schnetpack.data import ASEAtomsData, AtomsDataModule  # noqa: E402
from timing import through_ase, timed  # noqa: E402

CUTOFF = 5.0


def network(architecture):
    """SchNet as SchNetPack's own recipe for MD17 builds it."""
    return spk.model.NeuralNetworkPotential(
        representation=spk.representation.SchNet(
            n_atom_basis=architecture["features"],
            n_interactions=architecture["interactions"],
            radial_basis=spk.nn.GaussianRBF(n_rbf=architecture["gaussians"], cutoff=CUTOFF),
            cutoff_fn=spk.nn.CosineCutoff(CUTOFF),
        ),
        input_modules=[spk.atomistic.PairwiseDistances()],
        output_modules=[
            spk.atomistic.Atomwise(n_in=architecture["features"], output_key="energy"),
            spk.atomistic.Forces(energy_key="energy", force_key="forces"),
        ],
        postprocessors=[trn.CastTo64(), trn.AddOffsets("energy", add_mean=True)],
    )


class Clock(pl.Callback):
    """Notes when epochs end, and the validation error of the forces after each."""

    def __init__(self, target):
        self.ends, self.target, self.reached = [], target, None

    def on_train_epoch_start(self, trainer, module):
        """The first epoch begins."""
        if not self.ends:
            self.ends.append(time.perf_counter())

    def on_train_epoch_end(self, trainer, module):
        """An epoch is over."""
        self.ends.append(time.perf_counter())

    def on_validation_epoch_end(self, trainer, module):
        """The validation error is known."""
        error = trainer.callback_metrics.get("val_forces_RMSE")
        if self.target and error is not None and float(error) < self.target and self.ends and self.reached is None:
            self.reached = time.perf_counter() - self.ends[0]
            trainer.should_stop = True


def train(data, architecture, epochs, target, minutes):
    """Seconds per epoch, and until the validation error has fallen to the target."""
    started = time.perf_counter()
    m, n_valid = len(data["R"]), len(data["R_valid"])
    frames = [Atoms(data["z"], r) for r in np.concatenate([data["R"], data["R_valid"]])]
    energies, forces = (np.concatenate([data[k], data[k + "_valid"]]) for k in "EF")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.db"
        dataset = ASEAtomsData.create(
            str(file), distance_unit="Ang", property_unit_dict={"energy": "eV", "forces": "eV/Ang"}
        )
        dataset.add_systems(
            [{"energy": np.array([e]), "forces": f} for e, f in zip(energies, forces, strict=True)], frames
        )
        os.chdir(folder)  # it leaves a lock file where it stands
        split = Path(folder) / "split.npz"
        np.savez(split, train_idx=np.arange(m), val_idx=np.arange(m, m + n_valid), test_idx=np.arange(0))
        module = AtomsDataModule(
            str(file),
            batch_size=10,
            distance_unit="Ang",
            property_units={"energy": "eV", "forces": "eV/Ang"},
            num_train=m,
            num_val=n_valid,
            split_file=str(split),
            num_workers=0,
            transforms=[
                trn.MatScipyNeighborList(cutoff=CUTOFF),
                trn.RemoveOffsets("energy", remove_mean=True),
                trn.CastTo32(),
            ],
        )
        module.prepare_data()
        module.setup()
        task = spk.task.AtomisticTask(
            model=network(architecture),
            outputs=[
                spk.task.ModelOutput(name="energy", loss_fn=torch.nn.MSELoss(), loss_weight=0.01, metrics={}),
                spk.task.ModelOutput(
                    name="forces",
                    loss_fn=torch.nn.MSELoss(),
                    loss_weight=0.99,
                    metrics={"RMSE": torchmetrics.MeanSquaredError(squared=False)},
                ),
            ],
            optimizer_cls=torch.optim.AdamW,
            optimizer_args={"lr": 1e-3},
        )
        clock = Clock(target)
        trainer = pl.Trainer(
            callbacks=[clock],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            max_epochs=epochs,
            max_time=None if minutes is None else {"minutes": minutes},
            default_root_dir=folder,
            accelerator="cpu",
            num_sanity_val_steps=0,
            limit_val_batches=1.0 if target else 0,
        )
        trainer.fit(task, datamodule=module)
        last = trainer.callback_metrics.get("val_forces_RMSE")
    each = np.diff(clock.ends)
    return {
        "epoch_s": statistics.median(each[1:] if len(each) > 1 else each),
        "start_s": clock.ends[0] - started,
        "reached_s": clock.reached,
        "last": None if last is None else float(last),
    }


def predict(data, architecture):
    """Seconds for one geometry (network alone, and through ASE), for each of a batch of 100, and steps per second."""
    model = network(architecture).eval()
    convert = spk.interfaces.AtomsConverter(
        neighbor_list=trn.MatScipyNeighborList(cutoff=CUTOFF), dtype=torch.float32, device="cpu"
    )
    atoms = Atoms(data["z"], data["R"][0])
    inputs = convert(atoms)
    many = [Atoms(data["z"], r) for r in data["R"][:100]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model"
        torch.save(model, file)
        calculator = spk.interfaces.SpkCalculator(
            model_file=str(file),
            neighbor_list=trn.MatScipyNeighborList(cutoff=CUTOFF),
            energy_unit="eV",
            position_unit="Ang",
            energy_key="energy",
            force_key="forces",
            dtype=torch.float32,
        )
        one_ase, steps = through_ase(data["z"], data["R"][0], calculator)
    return {
        "one_ms": 1e3 * timed(lambda: model(dict(inputs))),
        "one_ase_ms": 1e3 * one_ase,
        "batch_ms": 10 * timed(lambda: model(convert(many))),
        "steps_per_s": steps,
    }


def main():
    task, file, architecture, *more = sys.argv[1:]
    data, architecture = np.load(file), json.loads(architecture)
    if task == "train":
        epochs, target, minutes = (json.loads(some) for some in more)
        result = train(data, architecture, epochs, target, minutes)
    else:
        result = predict(data, architecture)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
