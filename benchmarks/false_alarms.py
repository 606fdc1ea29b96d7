"""Sound data must not be accused: `supple check` on data sets of many kinds, sampled here, and on files that are known to be sound.

    python benchmarks/false_alarms.py [--folder sampled-sets] [FILE[@UNITS[@KEYS]] ...]

Ions, radicals, a triplet, dimers, halogens, sulphur, silicon, phosphorus, linear and planar molecules, molecules with a mirror
plane, dissociation curves, cold, hot and relaxed molecules, three levels of theory, 10 to 200 frames. Prints what is found in each; exit code 1 where something is an error, or a
warning that is not true of such data: frames of dynamics are correlated, and both ends of a full scan are one geometry.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SUPPLE = Path(sys.executable).with_name("supple")
#: Warnings that are true of frames drawn from short dynamics of few frames, or from scans.
TRUE = {"correlated-frames", "torsion-gap", "torsion-thin", "energy-gap", "geometry-outlier"}
#: Those that count something in a file, so that they are true wherever they are found.
COUNTED = {"missing-energy", "near-duplicates"}
WATER_DIMER = """6

O 0 0 0
H 0.76 0.59 0
H -0.76 0.59 0
O 0 -2.9 0.1
H 0 -1.95 0.05
H 0.2 -3.2 0.99
"""


@dataclass(frozen=True)
class Sampled:
    """A data set to sample: a SMILES or geometries, the draw, other options, and warnings that are true of it.

    The draw `frames` labels the geometries themselves.
    """

    name: str
    molecule: str
    draw: str = "md:temperature=500,frames=100"
    options: tuple[str, ...] = ()
    true: frozenset[str] = frozenset()


def curve(first: str, second: str, shortest: float, longest: float) -> str:
    """Two atoms at 40 distances, Å."""
    distances = (shortest + (longest - shortest) * k / 39 for k in range(40))
    return "".join(f"2\n\n{first} 0 0 0\n{second} 0 0 {r:.4f}\n" for r in distances)


SETS = (
    Sampled("hydroxyethyl radical, 20 frames", "[CH2]CO", "md:temperature=300,frames=20", ("--multiplicity", "2")),
    Sampled("ethyl radical", "C[CH2]", options=("--multiplicity", "2")),
    Sampled("triplet methylene", "[CH2]", "md:temperature=300,frames=40", ("--multiplicity", "3")),
    Sampled("acetate", "CC(=O)[O-]", options=("--charge", "-1")),
    Sampled("phenolate", "[O-]c1ccccc1", options=("--charge", "-1")),
    Sampled("ammonium", "[NH4+]", "md:temperature=500,frames=60", ("--charge", "1")),
    Sampled("tetramethylammonium", "C[N+](C)(C)C", "md:temperature=400,frames=80", ("--charge", "1")),
    Sampled("water dimer", WATER_DIMER, "md:temperature=200,frames=100"),
    Sampled("2-fluoroethanol", "FCCO", "md:temperature=500,frames=200"),
    Sampled("chloroform", "ClC(Cl)Cl", "md:temperature=500,frames=60"),
    Sampled("1,2-dibromoethane", "BrCCBr"),
    Sampled("iodomethane", "CI", "md:temperature=500,frames=60"),
    Sampled("dimethyl disulfide", "CSSC"),
    Sampled("dimethyl sulfoxide", "CS(C)=O"),
    Sampled("thiophene", "c1ccsc1"),
    Sampled("dimethylsilane", "C[SiH2]C"),
    Sampled("trimethylphosphine", "CP(C)C"),
    Sampled("hydrogen cyanide", "C#N", "md:temperature=500,frames=60"),
    Sampled("diacetylene", "C#CC#C", "md:temperature=500,frames=60"),
    Sampled("carbon dioxide", "O=C=O", "md:temperature=800,frames=40"),
    Sampled("nitrogen", "N#N", "md:temperature=500,frames=30"),
    Sampled("benzene", "c1ccccc1"),
    Sampled("pyrrole", "c1cc[nH]c1"),
    Sampled("allene", "C=C=C"),
    Sampled("nitrobenzene", "[O-][N+](=O)c1ccccc1"),
    Sampled("hydrogen peroxide", "OO"),
    Sampled("butane, a scan", "CCCC", "scan:torsion=1-2-3-4,points=37",
            true=frozenset({"duplicate-frames", "near-duplicates"})),
    Sampled("methanol, normal modes", "CO", "modes:frames=100"),
    Sampled("ethanol, dynamics, scan and modes", "CCO", "md:temperature=300,frames=100",
            ("--draw", "scan:torsion=1-2-3-9,points=25", "--draw", "modes:frames=50"), frozenset({"duplicate-frames", "near-duplicates"})),
    Sampled("ethanol at 2000 K", "CCO", "md:temperature=2000,frames=100"),
    Sampled("benzene at 50 K", "c1ccccc1", "md:temperature=50,frames=60"),
    Sampled("water, 10 frames", "O", "md:temperature=300,frames=10"),
    Sampled("hydrogen chloride, dissociation", curve("H", "Cl", 1.0, 3.5), "frames"),
    Sampled("nitrogen, dissociation", curve("N", "N", 0.9, 3.0), "frames"),
    Sampled("argon dimer, a curve", curve("Ar", "Ar", 3.2, 6.0), "frames"),
    Sampled("water, GFN1-xTB", "O", "md:temperature=500,frames=60", ("--method", "GFN1-xTB")),
    Sampled("methane, PBE", "C", "md:temperature=500,frames=30", ("--method", "pyscf:PBE/def2-SVP", "--drive", "GFN2-xTB")),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="sound files, with @UNITS, and @UNITS@KEYS, as needed")
    parser.add_argument("--folder", type=Path, default=Path("sampled-sets"))
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    print("| data | frames | atoms | errors | warnings | false |\n|---|---|---|---|---|---|")
    accused = 0
    for each in SETS:
        accused += _check(each.name, _sample(each, asked.folder), TRUE | each.true)
    for text in asked.files:
        path, units, keys = (*text.split("@"), "", "")[:3]
        accused += _check(Path(path).name, Path(path), TRUE | COUNTED, units, keys)
    print(f"\n{accused} false alarms in {len(SETS) + len(asked.files)} data sets")
    sys.exit(bool(accused))


def _sample(each: Sampled, folder: Path) -> Path:
    """The file of a data set, sampled unless it is there already."""
    stem = each.name.replace(", ", "-").replace(" ", "-")
    out, molecule = folder / f"{stem}.xyz", each.molecule
    if out.exists():
        return out
    if "\n" in molecule:
        start = folder / f"{stem}.start.xyz"
        start.write_text(molecule)
        molecule = str(start)
    draw = f"frames:file={molecule}" if each.draw == "frames" else each.draw
    command: list[str | Path] = [
        SUPPLE,
        "sample",
        molecule,
        "--draw",
        draw,
        *each.options,
        "--seed",
        "1",
        "--out",
        out,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{each.name} could not be sampled:\n{done.stdout}{done.stderr}")
    return out


def _check(name: str, file: Path, true: frozenset[str] | set[str], units: str = "", keys: str = "") -> int:
    """Print a row; the number of false alarms."""
    options = [*(["--units", units] if units else []), *(["--keys", keys] if keys else [])]
    done = subprocess.run([SUPPLE, "check", file, "--json", *options], capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{name} could not be checked:\n{done.stdout}{done.stderr}")
    file_found = found["files"][0]
    card = file_found["card"]
    by = {
        severity: [f["name"] for f in file_found["findings"] if f["severity"] == severity]
        for severity in ("serious", "warning")
    }
    false = [*by["serious"], *(warning for warning in by["warning"] if warning not in true)]
    print(
        f"| {name} | {card['n_frames']} | {card['n_atoms']} | {', '.join(by['serious']) or '-'} | "
        f"{', '.join(dict.fromkeys(by['warning'])) or '-'} | {len(false)} |",
        flush=True,
    )
    return len(false)


if __name__ == "__main__":
    main()
