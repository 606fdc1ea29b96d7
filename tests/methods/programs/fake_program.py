"""A program as Supple runs them: reads `input.txt`, writes an .engrad file, and misbehaves when a line of the input says so.

The energy is the sum of the squares of all coordinates in bohr, plus a hartree for each charge.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

BOHR = 0.529177210544
NUMBERS = {"H": 1, "C": 6, "O": 8}


def main():
    if sys.argv[1:] == ["--version"]:
        print("Fake program, version 1.2.3")
        return
    lines = Path("input.txt").read_text().splitlines()
    charge, multiplicity, mode = lines[0].split()
    print("charge", charge, "multiplicity", multiplicity, "threads", os.environ["OMP_NUM_THREADS"])
    with Path(os.environ["CALLS"]).open("a") as calls:
        calls.write(f"{Path.cwd()} {mode} {' '.join(sys.argv[1:])}\n")
    if mode == "crashes" or (mode == "crashes-once" and Path(os.environ["CALLS"]).read_text().count("\n") == 1):
        print("Fatal error: the integrals are lost", file=sys.stderr)
        sys.exit(3)
    if mode == "unconverged":
        print("NO CONVERGENCE after 100 cycles")
    if mode == "hangs":
        child = subprocess.Popen(["sleep", "60"])
        Path(os.environ["CALLS"] + ".child").write_text(str(child.pid))
        time.sleep(60)
    if mode == "killed":
        os.kill(os.getpid(), 9)
    atoms = [line.split() for line in lines[1:] if line.strip()]
    r = [[float(x) / BOHR for x in words[1:]] for words in atoms]
    if mode == "turns":
        r = [[y, x, z] for x, y, z in r]
    energy = sum(x * x for row in r for x in row) + int(charge)
    text = f"# Number of atoms\n{len(r)}\n# The current total energy in Eh\n{energy:.12f}\n# The current gradient in Eh/bohr\n"
    text += "".join(f"{2 * x:.12f}\n" for row in r for x in row)
    text += "# The atomic numbers and current coordinates in Bohr\n"
    text += "".join(f"{NUMBERS[words[0]]} {x:.9f} {y:.9f} {z:.9f}\n" for words, (x, y, z) in zip(atoms, r, strict=True))
    if mode != "nothing":
        Path("result.engrad").write_text(text)
    print("This is the end.")


main()
