"""Make the outputs in this folder, and the energies that the tests compare their forces with: see README.md.

    python tests/data/reading/program_outputs/make_outputs.py [psi4 nwchem/scan ...]

Each job runs in a temporary folder. Of each frame that Supple reads, the energy is calculated once more by a job of its
own; at the first and the last frame also the energies of displaced geometries.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import supple
from supple.data.units import ENERGY

HERE = Path(__file__).parent
ENERGIES = HERE / "energies.json"
#: Å; multiples of a displacement, whose energies give a derivative with an error of its fourth power.
DISPLACEMENT = 0.01
STENCIL = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}
SYMBOLS = ("O", "H", "H")
WATER = np.array([[0.30, 0.20, -0.10], [1.10, 0.75, 0.05], [-0.35, 0.60, 0.55]])
BENT = np.array([[0.30, 0.20, -0.10], [1.20, 0.75, 0.05], [-0.35, 0.65, 0.55]])
SCAN = [WATER + np.array([[0, 0, 0], [0.1 * k, 0.07 * k, 0], [0, 0, 0]]) for k in range(3)]


@dataclass(frozen=True)
class Job:
    """An input, the output of which is kept.

    Attributes:
        content: of the input.
        levels: that of each frame in the output; one for all if there is one.
        kept: the file to keep and its name here, if not the output itself.
        options: of the command.
    """

    content: str
    levels: tuple[str, ...]
    kept: dict[str, str] | None = None
    options: tuple[str, ...] = ()


def rows(positions: np.ndarray, form: str = "{} {:.10f} {:.10f} {:.10f}") -> str:
    return "\n".join(form.format(symbol, *row) for symbol, row in zip(SYMBOLS, positions.tolist(), strict=True))


def run(command: Sequence[str], folder: Path, output: str | None = None) -> str:
    """Run a program; what it prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    if output is not None:
        (folder / output).write_text(done.stdout)
    return done.stdout


# Psi4: a level is charge, multiplicity, method and options


def psi4_molecule(positions: np.ndarray, level: str, name: str = "m") -> str:
    charge, multiplicity, *_ = level.split(" | ")
    return f"molecule {name} {{\n{charge} {multiplicity}\n{rows(positions)}\n}}\n"


def psi4_job(task: str, positions: np.ndarray, level: str, name: str = "m") -> str:
    *_, method, options = level.split(" | ")
    return f"{psi4_molecule(positions, level, name)}set {{\n{options}\n}}\n{task}('{method}')\n"


HF, B3LYP = "0 | 1 | scf | basis sto-3g", "0 | 1 | b3lyp | basis sto-3g"
UMP2 = "1 | 2 | mp2 | basis sto-3g\nreference uhf"
MP2, CCSDT = "0 | 1 | mp2 | basis 6-31g", "0 | 1 | ccsd(t) | basis sto-3g\nscf_type pk"
PSI4 = {
    "gradient": Job(psi4_job("gradient", WATER, HF), (HF,)),
    "optimisation": Job(psi4_job("optimize", WATER, B3LYP), (B3LYP,)),
    "frequencies": Job(psi4_job("optimize", WATER, HF) + "frequencies('scf')\n", (HF,)),
    "two-jobs": Job(psi4_job("gradient", WATER, HF) + psi4_job("gradient", BENT, UMP2, "n"), (HF, UMP2)),
    "mp2": Job(psi4_job("gradient", WATER, MP2), (MP2,)),
    "ccsd-t": Job(psi4_job("gradient", WATER, CCSDT), (CCSDT,)),
    "scan": Job("".join(psi4_job("gradient", geometry, HF, f"m{k}") for k, geometry in enumerate(SCAN)), (HF,)),
    "numerical": Job(psi4_job("gradient", WATER, HF).replace("'scf'", "'scf', dertype='energy'"), ()),
    "failed": Job(psi4_job("optimize", WATER, HF + "\nmaxiter 9") + psi4_job("gradient", BENT, HF + "\nmaxiter 3", "n"), ()),
}  # fmt: skip


def run_psi4(job: Job, folder: Path) -> Path:
    (folder / "in.dat").write_text(job.content)
    run(["psi4", "-n", "1", "in.dat", "out.dat"], folder)
    return folder / "out.dat"


def psi4_energies(level: str, geometries: Sequence[np.ndarray], folder: Path) -> list[float]:
    charge, multiplicity, method, options = level.split(" | ")
    fixed = "symmetry c1\nno_reorient\nno_com"
    texts = [f"{charge} {multiplicity}\n{rows(positions)}\n{fixed}" for positions in geometries]
    (folder / "in.dat").write_text(
        f"set {{\n{options}\ne_convergence 1e-10\nd_convergence 1e-9\n}}\nwith open('energies', 'w') as file:\n"
        f"    for text in {texts!r}:\n        psi4.geometry(text)\n"
        f"        file.write('%.12f\\n' % energy('{method}'))\n"
    )
    run(["psi4", "-n", "1", "in.dat", "out.dat"], folder)
    return [float(line) * ENERGY["hartree"] for line in (folder / "energies").read_text().split()]


# NWChem: a level is task, energy, and the lines of the input


def nwchem_task(task: str, positions: np.ndarray, level: str, fixed: str = "") -> str:
    method, _, lines = level.split(" | ")
    return f"geometry units angstroms {fixed}\n{rows(positions)}\nend\n{lines}\ntask {method} {task}\n"


STO3G, SPLIT = "basis\n* library sto-3g\nend\n", "basis\n* library 6-31g\nend\n"
CLOSED, DOUBLET = "charge 0\nscf\nsinglet\nrhf\nthresh 1e-7\nend", "charge 1\nscf\ndoublet\nuhf\nthresh 1e-7\nend"
N_HF, N_MP2 = f"scf | SCF | {STO3G}{CLOSED}", f"mp2 | MP2 | {STO3G}{CLOSED}"
N_UHF, N_UMP2 = f"scf | SCF | {SPLIT}{DOUBLET}", f"mp2 | MP2 | {SPLIT}{DOUBLET}"
N_ROHF = N_UHF.replace("uhf", "rohf")
DFT = "charge {}\ndft\nxc {}\nmult {}\ngrid fine\nconvergence energy 1e-9 density 1e-8 gradient 1e-7\nend"
N_PBE0 = f"dft | DFT | {STO3G}{DFT.format(0, 'pbe0', 1)}"
N_B3LYP = f"dft | DFT | {SPLIT}{DFT.format(1, 'b3lyp', 2)}"
N_SOLVENT = N_HF + "\ncosmo\ndielec 78\nend"
NWCHEM = {
    "gradient": Job(nwchem_task("gradient", WATER, N_HF), (N_HF,)),
    "optimisation": Job(nwchem_task("optimize", WATER, N_PBE0), (N_PBE0,)),
    "frequencies": Job(nwchem_task("optimize", WATER, N_HF) + "task scf freq\n", (N_HF,)),
    "two-jobs": Job(nwchem_task("gradient", WATER, N_HF) + nwchem_task("gradient", BENT, N_UMP2), (N_HF, N_UMP2)),
    "mp2": Job(nwchem_task("gradient", WATER, N_MP2), (N_MP2,)),
    "open-shell": Job(
        "".join(nwchem_task("gradient", WATER, level) for level in (N_UHF, N_B3LYP)), (N_UHF, N_B3LYP)
    ),
    "restricted-open-shell": Job(nwchem_task("gradient", WATER, N_ROHF), (N_ROHF,)),
    "scan": Job("".join(nwchem_task("gradient", geometry, N_HF) for geometry in SCAN), (N_HF,)),
    "solvent": Job(nwchem_task("gradient", WATER, N_SOLVENT), (N_SOLVENT,)),
    "numerical": Job(nwchem_task("gradient numerical", WATER, N_HF), ()),
    "failed": Job(
        nwchem_task("gradient", WATER, N_PBE0)
        + nwchem_task("gradient", BENT, N_PBE0.replace("grid", "iterations 2\ngrid")), ()
    ),
}  # fmt: skip


def run_nwchem(job: Job, folder: Path) -> Path:
    (folder / "in.nw").write_text("start job\n" + job.content)
    run(["nwchem", "in.nw"], folder, "out")
    return folder / "out"


def nwchem_energies(level: str, geometries: Sequence[np.ndarray], folder: Path) -> list[float]:
    tasks = [nwchem_task("energy", positions, level, "noautosym nocenter") for positions in geometries]
    (folder / "in.nw").write_text("start job\n" + "".join(tasks))
    kind = level.split(" | ")[1]
    found = re.findall(rf"^ +Total {kind} energy(?: =)? +(\S+)", run(["nwchem", "in.nw"], folder), re.MULTILINE)
    return [float(value) * ENERGY["hartree"] for value in found]


# MOPAC: a level is a line of keywords


def mopac_input(keywords: str, positions: np.ndarray) -> str:
    return f"{keywords}\n\n\n{rows(positions, '{} {:.10f} 1 {:.10f} 1 {:.10f} 1')}\n\n"


PM7, PM6, AM1 = "PM7 PRECISE", "PM6 PRECISE", "AM1 PRECISE UHF DOUBLET CHARGE=1"
INTERNAL = "PM7 {}\n\n\nO 0 0 0 0 0 0\nH 0.96 {} 0 0 0 0 1\nH 0.99 1 104 1 0 0 1 2\n\n"
MOPAC = {
    "gradient": Job(mopac_input(f"{PM7} 1SCF GRADIENTS", WATER), (PM7,)),
    "optimisation": Job(mopac_input(f"{PM6} GNORM=3 GRADIENTS", WATER), (PM6,)),
    "cation": Job(mopac_input(f"{AM1} 1SCF GRADIENTS", WATER), (AM1,)),
    "two-jobs": Job(
        mopac_input(f"{PM7} 1SCF GRADIENTS", WATER) + mopac_input(f"{AM1} 1SCF GRADIENTS", BENT), (PM7, AM1)
    ),
    "solvent": Job(mopac_input(f"{PM7} EPS=78.4 1SCF GRADIENTS", WATER), ()),
    "frequencies": Job(mopac_input("PM7 FORCE", WATER), ()),
    "scan": Job(INTERNAL.format("GRADIENTS STEP=0.05 POINT=3", -1), ()),
    "internal": Job(INTERNAL.format("1SCF GRADIENTS", 1), ()),
    "fixed": Job(mopac_input("PM7 1SCF GRADIENTS", WATER).replace(" 1 ", " 0 ", 2), ()),
}  # fmt: skip


def run_mopac(job: Job, folder: Path) -> Path:
    (folder / "job.mop").write_text(job.content)
    run(["mopac", "job.mop"], folder)
    return folder / "job.out"


def mopac_energies(level: str, geometries: Sequence[np.ndarray], folder: Path) -> list[float]:
    energies = []
    for positions in geometries:
        output = run_mopac(Job(mopac_input(f"{level} 1SCF", positions), ()), folder).read_text()
        heat = re.findall(r"FINAL HEAT OF FORMATION = +(\S+)", output)[-1]
        energies.append(float(heat) * ENERGY["kcal/mol"])
    return energies


# xtb: a level is options of the command


def xyz(positions: np.ndarray) -> str:
    return f"3\n\n{rows(positions)}\n"


GFN2, GFN1 = "--gfn 2", "--gfn 1 --chrg 1 --uhf 1"
XTB = {
    "gradient": Job(xyz(WATER), (GFN2,), {"job.engrad": "gradient.engrad", "gradient": "gradient", "out": "gradient.out"},
                    ("--grad",)),
    "cation": Job(xyz(BENT), (GFN1,), {"job.engrad": "cation.engrad"}, ("--grad", *GFN1.split())),
    "optimisation": Job(xyz(WATER), (), {"xtbopt.log": "optimisation.log"}, ("--opt",)),
}  # fmt: skip


def run_xtb(job: Job, folder: Path) -> Path:
    (folder / "job.xyz").write_text(job.content)
    run(["xtb", "job.xyz", *job.options], folder, "out")
    return folder / "out"


def xtb_energies(level: str, geometries: Sequence[np.ndarray], folder: Path) -> list[float]:
    energies = []
    for positions in geometries:
        output = run_xtb(Job(xyz(positions), (), options=("--sp", *level.split())), folder).with_name("out").read_text()
        energies.append(float(re.findall(r"TOTAL ENERGY +(\S+)", output)[-1]) * ENERGY["hartree"])
    return energies


# CP2K: a level is charge and multiplicity


def cp2k_input(task: str, positions: np.ndarray, level: str, motion: str = "") -> str:
    charge, multiplicity = level.split(" | ")
    kinds = "".join(
        f"&KIND {symbol}\nBASIS_SET SZV-MOLOPT-SR-GTH\nPOTENTIAL GTH-PADE-q{valence}\n&END\n"
        for symbol, valence in (("H", 1), ("O", 6))
    )
    return f"""&GLOBAL
PROJECT job
RUN_TYPE {task}
PRINT_LEVEL MEDIUM
&END
&FORCE_EVAL
METHOD QS
&DFT
BASIS_SET_FILE_NAME BASIS_MOLOPT
POTENTIAL_FILE_NAME GTH_POTENTIALS
CHARGE {charge}
MULTIPLICITY {multiplicity}
{"LSD" if multiplicity != "1" else ""}
&MGRID
CUTOFF 280
&END
&SCF
EPS_SCF 1e-8
&END
&XC
&XC_FUNCTIONAL PADE
&END
&END
&END
&SUBSYS
&CELL
ABC 6 6 6
&END
&COORD
{rows(positions)}
&END
{kinds}&END
&PRINT
&FORCES
&END
&END
&END
&MOTION
&PRINT
&FORCES
&END
&END
{motion}
&END
"""


NEUTRAL, CATION = "0 | 1", "1 | 2"
STEPS = {"job-pos-1.xyz": "{}-pos-1.xyz", "job-frc-1.xyz": "{}-frc-1.xyz", "out": "{}.out"}
CP2K = {
    "gradient": Job(cp2k_input("ENERGY_FORCE", WATER, NEUTRAL), (NEUTRAL,)),
    "cation": Job(cp2k_input("ENERGY_FORCE", BENT, CATION), (CATION,)),
    "dynamics": Job(
        cp2k_input("MD", WATER, NEUTRAL, "&MD\nSTEPS 2\n&END"), (NEUTRAL,),
        {file: name.format("dynamics") for file, name in STEPS.items()},
    ),
    "optimisation": Job(
        cp2k_input("GEO_OPT", WATER, NEUTRAL, "&GEO_OPT\nMAX_ITER 2\n&END"), (NEUTRAL,),
        {file: name.format("optimisation") for file, name in STEPS.items()},
    ),
}  # fmt: skip


def run_cp2k(job: Job, folder: Path) -> Path:
    (folder / "job.inp").write_text(job.content)
    run(["cp2k", "-i", "job.inp"], folder, "out")
    return folder / "out"


def cp2k_energies(level: str, geometries: Sequence[np.ndarray], folder: Path) -> list[float]:
    frames = [f"3\n i = {k}, time = 0.0, E = 0.0\n{rows(positions)}\n" for k, positions in enumerate(geometries, 1)]
    (folder / "frames.xyz").write_text("".join(frames))
    motion = f"&MD\nENSEMBLE REFTRAJ\nSTEPS {len(geometries)}\n&REFTRAJ\nTRAJ_FILE_NAME frames.xyz\nEVAL_ENERGY_FORCES TRUE\n&END\n&END"
    output = run_cp2k(Job(cp2k_input("MD", geometries[0], level, motion), ()), folder).read_text()
    found = re.findall(r"ENERGY\| Total FORCE_EVAL.*?(-\d+\.\d+)\s*$", output, re.MULTILINE)
    return [float(value) * ENERGY["hartree"] for value in found[-len(geometries) :]]


Energies = Callable[[str, Sequence[np.ndarray], Path], list[float]]
PROGRAMS: dict[str, tuple[dict[str, Job], Callable[[Job, Path], Path], Energies]] = {
    "psi4": (PSI4, run_psi4, psi4_energies),
    "nwchem": (NWCHEM, run_nwchem, nwchem_energies),
    "mopac": (MOPAC, run_mopac, mopac_energies),
    "xtb": (XTB, run_xtb, xtb_energies),
    "cp2k": (CP2K, run_cp2k, cp2k_energies),
}


def keep(file: Path, name: Path) -> None:
    """Store a compressed copy, without the name of the machine."""
    text = file.read_text(errors="replace")
    for pattern in (
        r"(?im)^( *host(?:name)? *[:=]) .*$",
        r"(PROGRAM (?:STARTED|STOPPED|RAN) (?:ON|BY|IN)) .*",
        r"\b(on) vm\b",
    ):
        text = re.sub(pattern, r"\1 machine", text)
    name.parent.mkdir(exist_ok=True)
    with name.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        out.write(text.encode())


def check_energies(path: Path, job: Job, energies: Energies) -> dict[str, list[object]]:
    """The energies of all frames of an output, and those of displaced geometries of the first and the last."""
    data = supple.read(path)
    levels = job.levels * (len(data) if len(job.levels) == 1 else 1)
    made: list[float] = []
    derivatives: list[object] = []
    for k, positions in enumerate(data.positions):
        ends = k in (0, len(data) - 1)
        moved = [
            positions + step * DISPLACEMENT * np.eye(9)[coordinate].reshape(3, 3)
            for coordinate in range(9) for step in STENCIL
        ] if ends else []  # fmt: skip
        with TemporaryDirectory() as folder:
            own, *displaced = energies(levels[k], [positions, *moved], Path(folder))
        made.append(round(own, 9))
        gradient = np.array(displaced).reshape(9, -1) @ list(STENCIL.values()) / DISPLACEMENT if ends else None
        derivatives.append(None if gradient is None else np.round(gradient, 6).tolist())
        if gradient is not None and data.forces is not None:
            error = np.abs(data.forces[k].ravel() + gradient).max()
            print(f"{path.name}: frame {k}, energy {data.energies[k] - own:+.1e}, forces {error:.1e}")
    return {"positions": np.round(data.positions, 6).tolist(), "energies": [*made], "gradients": derivatives}


def main(chosen: Sequence[str]) -> None:
    """Make the outputs of the programs or jobs that are chosen; all if none is."""
    for program, (jobs, run_job, energies) in PROGRAMS.items():
        for name, job in jobs.items():
            if chosen and program not in chosen and f"{program}/{name}" not in chosen:
                continue
            with TemporaryDirectory() as folder:
                output = run_job(job, Path(folder))
                kept = job.kept or {output.name: f"{name}.out"}
                for file, stored in kept.items():
                    keep(Path(folder) / file, HERE / program / f"{stored}.gz")
            for stored in kept.values():
                if job.levels and not (stored.endswith((".out", "-frc-1.xyz")) and len(kept) > 1):
                    path = HERE / program / f"{stored}.gz"
                    save(f"{program}/{stored}", check_energies(path, job, energies))


def save(name: str, made: dict[str, list[object]]) -> None:
    """Add the energies of an output to the record, one line for each."""
    record = json.loads(ENERGIES.read_text()) if ENERGIES.exists() else {}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted({**record, name: made}.items())]
    ENERGIES.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
