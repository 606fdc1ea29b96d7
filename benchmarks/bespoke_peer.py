"""Seconds per training step of MACE or of PaiNN (SchNetPack), for bespoke.py; runs in an environment of their own.

    python bespoke_peer.py mace|painn FRAMES.npz BATCH

The model, its loss and its optimiser are called directly: reading frames and finding neighbours are not timed. MACE has 64 channels,
L = 1 and two layers; PaiNN 64 features and three layers; the cutoff is 5 Å for both. Each is imported where it is used.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

os.environ.setdefault("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")

import torch

CUTOFF = 5.0


def mace(numbers, positions, energies, forces):
    """A function from nothing to energies and forces, its parameters, and the labels."""
    from ase import Atoms  # noqa: PLC0415
    from e3nn import o3  # noqa: PLC0415
    from mace import data, modules, tools  # noqa: PLC0415
    from mace.tools import torch_geometric  # noqa: PLC0415

    table = tools.AtomicNumberTable(sorted({int(z) for z in numbers}))
    model = modules.ScaleShiftMACE(
        r_max=CUTOFF,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        num_interactions=2,
        num_elements=len(table),
        hidden_irreps=o3.Irreps("64x0e + 64x1o"),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=torch.nn.functional.silu,
        atomic_energies=np.zeros(len(table)),
        avg_num_neighbors=float(len(numbers) - 1),
        atomic_numbers=table.zs,
        correlation=3,
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
    frames = [
        data.AtomicData.from_config(data.config_from_atoms(Atoms(numbers, frame)), z_table=table, cutoff=CUTOFF)
        for frame in positions
    ]
    batch = next(iter(torch_geometric.dataloader.DataLoader(frames, len(frames), shuffle=False)))

    def evaluate():
        out = model(batch.to_dict(), training=True, compute_force=True)
        return out["energy"], out["forces"]

    return evaluate, model, torch.tensor(energies), torch.tensor(forces).reshape(-1, 3)


def painn(numbers, positions, energies, forces):
    """As above."""
    import schnetpack as spk  # noqa: PLC0415
    from schnetpack import properties  # noqa: PLC0415

    model = spk.model.NeuralNetworkPotential(
        representation=spk.representation.PaiNN(
            n_atom_basis=64,
            n_interactions=3,
            radial_basis=spk.nn.GaussianRBF(n_rbf=20, cutoff=CUTOFF),
            cutoff_fn=spk.nn.CosineCutoff(CUTOFF),
        ),
        input_modules=[spk.atomistic.PairwiseDistances()],
        output_modules=[spk.atomistic.Atomwise(n_in=64, output_key="energy"), spk.atomistic.Forces()],
    )
    b, n = positions.shape[:2]
    distances = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)
    frame, i, j = np.nonzero((distances < CUTOFF) & ~np.eye(n, dtype=bool))
    given = {
        properties.Z: torch.tensor(np.tile(numbers, b)),
        properties.R: torch.tensor(positions.reshape(-1, 3)),
        properties.n_atoms: torch.full((b,), n),
        properties.idx_m: torch.arange(b).repeat_interleave(n),
        properties.idx_i: torch.tensor(frame * n + i),
        properties.idx_j: torch.tensor(frame * n + j),
        properties.offsets: torch.zeros(len(i), 3),
    }

    def evaluate():
        out = model(dict(given))
        return out["energy"], out["forces"]

    return evaluate, model, torch.tensor(energies), torch.tensor(forces).reshape(-1, 3)


def main() -> None:
    name, file, batch = sys.argv[1], np.load(sys.argv[2]), int(sys.argv[3])
    rows = (file[key][:batch].astype(np.float32) for key in ("R", "E", "F"))
    evaluate, model, energies, forces = {"mace": mace, "painn": painn}[name](file["z"].astype(np.int64), *rows)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    times = []
    for _ in range(8):
        wall, processor = time.perf_counter(), time.process_time()
        optimiser.zero_grad()
        e, f = evaluate()
        (0.01 * ((e - energies) ** 2).mean() + 0.99 * ((f - forces) ** 2).mean()).backward()
        optimiser.step()
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    print(json.dumps({"wall": min(t[0] for t in times[1:]), "processor": min(t[1] for t in times[1:])}))


if __name__ == "__main__":
    main()
