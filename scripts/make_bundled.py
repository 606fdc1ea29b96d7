"""Make the bundled reference data: azobenzene and glycine with GFN2-xTB, from nothing but a seed.

    python scripts/make_bundled.py [azobenzene|glycine ...] --out src/supple/bundled

Geometries come from Langevin dynamics at the minima and, for azobenzene, from short bursts of dynamics off the paths
that lead from trans to cis: rotation about N=N, and inversion at one nitrogen. Every segment is kept in a folder
`.parts` as soon as it is done, so an interrupted run goes on. Some ten minutes on one core.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import CalculationFailed
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import read, write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.optimize import BFGS
from tblite.ase import TBLite

SEED = 2026
#: The four atoms C-N=N-C of azobenzene as built below.
CNNC = (0, 6, 7, 8)


def calculator() -> TBLite:
    """GFN2-xTB, converged ten times tighter than usual."""
    return TBLite(method="GFN2-xTB", accuracy=0.1, verbosity=0)


def labelled(atoms: Atoms, origin: str) -> Atoms:
    """A frame with its labels and where it came from."""
    frame = Atoms(atoms.numbers, atoms.positions)
    frame.calc = SinglePointCalculator(frame, energy=atoms.get_potential_energy(), forces=atoms.get_forces())
    frame.info = {"origin": origin, "energy_unit": "eV", "length_unit": "Ang", "forces_unit": "eV/Ang"}
    return frame


def dynamics(
    start: Atoms, kelvin: float, frames: int, every: int, seed: int, origin: str, settle: int = 0
) -> list[Atoms]:
    """Frames of Langevin dynamics (1 fs steps), `every` steps apart, after `settle` steps."""
    atoms = start.copy()
    atoms.calc = calculator()
    rng = np.random.default_rng(seed)
    thermalize_momenta(atoms, temperature_K=kelvin, rng=rng)
    Stationary(atoms)
    md = Langevin(atoms, 1.0 * units.fs, temperature_K=kelvin, friction=0.01 / units.fs, rng=rng, fixcm=False)
    md.run(settle)
    found: list[Atoms] = []
    try:
        while len(found) < frames:
            md.run(every)
            found.append(labelled(atoms, origin))
    except CalculationFailed as failure:  # the run cannot go on from there
        print(f"{origin}: {frames - len(found)} frames skipped, no self-consistency ({failure})", file=sys.stderr)
    return found


def relaxed(atoms: Atoms, fixed: tuple[int, ...] = (), steps: int = 300, fmax: float = 0.02) -> Atoms:
    """The nearest minimum, with some atoms held where they are."""
    atoms = atoms.copy()
    atoms.set_constraint(FixAtoms(fixed) if fixed else None)
    atoms.calc = calculator()
    BFGS(atoms, logfile=None).run(fmax=fmax, steps=steps)
    atoms.set_constraint()
    atoms.calc = None
    return atoms


def azobenzene(angles: tuple[float, float] = (115.0, 115.0), torsion: float = 180.0, twist: float = 0.0) -> Atoms:
    """Azobenzene by its internal coordinates, in degrees: the two CNN angles, CNNC, and the twist of both rings."""
    ring, positions = 1.39, []
    half = [np.array([0.625, 0.0, 0.0]), np.array([-0.625, 0.0, 0.0])]
    for side, angle in enumerate(angles):
        inward = np.array([-1.0, 0, 0]) if side == 0 else np.array([1.0, 0, 0])
        phi = np.radians(0.0 if side == 0 else torsion)
        across = np.array([0.0, np.cos(phi), np.sin(phi)])
        axis = np.cos(np.radians(angle)) * inward + np.sin(np.radians(angle)) * across
        ipso = half[side] + 1.42 * axis
        normal = np.cross(inward, across)
        edge = np.cross(normal, axis)
        edge = np.cos(np.radians(twist)) * edge + np.sin(np.radians(twist)) * normal
        centre = ipso + ring * axis
        spokes = [np.cos(t) * -axis + np.sin(t) * edge for t in np.radians(60.0 * np.arange(6))]
        positions.append([centre + ring * s for s in spokes] + [centre + (ring + 1.09) * s for s in spokes[1:]])
    first, second = positions
    return Atoms("C6N2C6H10", [*first[:6], *half, *second[:6], *first[6:], *second[6:]])


def azobenzene_segments() -> Iterator[tuple[str, Callable[[], list[Atoms]]]]:
    """Every segment's name and what makes it."""
    minima = {"trans": azobenzene(), "cis": azobenzene((122.0, 122.0), 8.0, 55.0)}
    for i, (name, start) in enumerate(minima.items()):
        for kelvin in (300, 500):
            seed = SEED + 10 * i + kelvin
            yield (
                f"md_{name}_{kelvin}K",
                lambda s=start, k=kelvin, d=seed, n=name: dynamics(
                    relaxed(s), k, 200, 12, d, f"md_{n}_{k}K", settle=400
                ),
            )
    for k, torsion in enumerate(np.linspace(180, 0, 13)):
        angle = 115 + 7 * k / 12
        yield (
            f"rotation_{torsion:03.0f}",
            lambda a=angle, t=torsion, d=1000 + 10 * k: bursts(untangled((a, a), t), "rotation_path", d),
        )
    for k, angle in enumerate(np.linspace(115, 240, 14)):
        yield (
            f"inversion_{angle:03.0f}",
            lambda a=angle, d=2000 + 10 * k: bursts(untangled((115.0, a), 180.0), "inversion_path", d),
        )


def untangled(angles: tuple[float, float], torsion: float) -> Atoms:
    """Azobenzene with its rings twisted so that they are least in each other's way."""

    def energy(atoms: Atoms) -> float:
        atoms.calc = calculator()
        return float(atoms.get_potential_energy())

    return min((azobenzene(angles, torsion, twist) for twist in np.arange(5.0, 180.0, 15.0)), key=energy)


def bursts(start: Atoms, origin: str, seed: int) -> list[Atoms]:
    """Five short runs at 300 K off a point of a path, relaxed there with the atoms C-N=N-C held."""
    point = relaxed(start, CNNC, steps=60, fmax=0.05)
    return [frame for i in range(5) for frame in dynamics(point, 300, 5, 7, SEED + seed + i, origin)]


def glycine(side: int = 1) -> Atoms:
    """Neutral glycine, heavy atoms in a plane; the C=O is on the side of the nitrogen (1) or away from it (-1)."""
    return Atoms(
        "NCCOOHHHHH",
        [
            (-0.62, 1.31, 0.0),
            (0.0, 0.0, 0.0),
            (1.52, 0.0, 0.0),
            (2.10, 1.06 * side, 0.0),
            (2.21, -1.16 * side, 0.0),
            (3.16, -1.00 * side, 0.0),
            (-0.28, 1.84, 0.81),
            (-0.28, 1.84, -0.81),
            (-0.36, -0.55, 0.88),
            (-0.36, -0.55, -0.88),
        ],
    )


def glycine_segments() -> Iterator[tuple[str, Callable[[], list[Atoms]]]]:
    """Dynamics at 500 K from two conformers."""
    for i, (name, side) in enumerate({"Ip": 1, "IIIp": -1}.items()):
        yield (
            f"md_{name}_500K",
            lambda s=side, d=SEED + i, n=name: dynamics(
                relaxed(glycine(s)), 500, 1200, 10, d, f"md_{n}_500K", settle=400
            ),
        )


SETS = {"azobenzene": azobenzene_segments, "glycine": glycine_segments}


def make(name: str, out: Path) -> None:
    """Make one set, segment by segment, check it and write it."""
    parts = out / ".parts"
    parts.mkdir(parents=True, exist_ok=True)
    frames: list[Atoms] = []
    for segment, run in SETS[name]():
        file = parts / f"{name}-{segment}.xyz"
        if not file.exists():
            write(file.with_suffix(".new"), run(), format="extxyz")
            file.with_suffix(".new").rename(file)
            print(f"{name}: {segment}", file=sys.stderr, flush=True)
        frames += read(file, ":", format="extxyz")
    check(name, frames)
    text = io.StringIO()  # the gzip header carries no time or name, so that equal data are equal bytes
    write(text, frames, format="extxyz")
    with (
        (out / f"{name}.xyz.gz").open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file,
    ):
        file.write(text.getvalue().encode())


def check(name: str, frames: list[Atoms]) -> None:
    """Print what the card states, and stop when energies and forces do not agree."""
    energies = np.array([frame.get_potential_energy() for frame in frames])
    forces = np.array([frame.get_forces() for frame in frames])
    origins = [frame.info["origin"] for frame in frames]
    worst = max(_finite_difference_error(frame) for frame in frames[:: len(frames) // 3])
    print(f"{name}: {len(frames)} frames, {len(frames[0])} atoms")
    print({origin: origins.count(origin) for origin in dict.fromkeys(origins)})
    print(f"energies {energies.mean():.4f} ± {energies.std():.4f} eV, forces ± {forces.std():.4f} eV/Å")
    print(f"forces against finite differences of the energy: within {worst:.1e} eV/Å")
    if worst > 1e-3:
        raise SystemExit(f"{name}: energies and forces do not agree.")
    if name == "azobenzene":
        torsions = np.sort([abs((frame.get_dihedral(*CNNC) + 180) % 360 - 180) for frame in frames])
        angles = [max(frame.get_angle(0, 6, 7), frame.get_angle(6, 7, 8)) for frame in frames]
        print(f"|CNNC| {torsions[0]:.0f} to {torsions[-1]:.0f}, widest gap {np.diff(torsions).max():.1f}", end="; ")
        print(f"CNN up to {max(angles):.0f} degrees")


def _finite_difference_error(frame: Atoms, h: float = 1e-3) -> float:
    atoms = frame.copy()
    atoms.calc = calculator()
    atom, axis = 1, 2
    ends = []
    for step in (-h, h):
        atoms.positions = frame.positions
        atoms.positions[atom, axis] += step
        ends.append(atoms.get_potential_energy())
    return abs(-(ends[1] - ends[0]) / (2 * h) - frame.get_forces()[atom, axis])


def main() -> None:
    """Read the command line and make what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(SETS), help=", ".join(SETS))
    parser.add_argument("--out", type=Path, default=Path("bundled"))
    asked = parser.parse_args()
    for name in asked.names:
        make(name, asked.out)


if __name__ == "__main__":
    main()
