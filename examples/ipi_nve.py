"""i-PI: its server in a separate process, the force field as its client; dynamics at constant energy.

python examples/ipi_nve.py [MODEL GEOMETRY]
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write
from small_model import force_field

from supple.interfaces.ipi import Address, serve_forces

NAME = f"supple-example-{os.getpid()}"
INPUT = f"""
<simulation verbosity="quiet">
  <output prefix="run"><properties stride="1" filename="out"> [conserved{{electronvolt}}] </properties></output>
  <total_steps>100</total_steps>
  <ffsocket name="supple" mode="unix" pbc="false"><address>{NAME}</address><latency>1e-4</latency></ffsocket>
  <system>
    <initialize nbeads="1">
      <file mode="ase"> start.xyz </file> <velocities mode="thermal" units="kelvin"> 300 </velocities>
    </initialize>
    <forces> <force forcefield="supple"/> </forces>
    <motion mode="dynamics"> <dynamics mode="nve"> <timestep units="femtosecond"> 0.5 </timestep> </dynamics> </motion>
  </system>
</simulation>
"""

potential, positions = force_field()
with tempfile.TemporaryDirectory() as folder:
    write(Path(folder, "start.xyz"), Atoms(potential.numbers, positions, cell=[50.0] * 3))
    Path(folder, "input.xml").write_text(INPUT)
    with subprocess.Popen([Path(sys.executable).with_name("i-pi"), "input.xml"], cwd=folder) as server:
        try:
            count = serve_forces(potential, Address.parse(NAME))
            server.wait(30)
        finally:
            server.kill()
    conserved = np.loadtxt(Path(folder, "run.out"))
print(f"{potential!r}\n{count} geometries; the conserved energy varied by at most {np.ptp(conserved):.2e} eV")
