"""LAMMPS through its Python library: dynamics at constant energy, units metal.

python examples/lammps_nve.py [MODEL GEOMETRY]
"""

from ase.data import atomic_masses, chemical_symbols
from small_model import force_field

from supple.interfaces.lammps import attach, start_lammps

potential, positions = force_field()
elements = sorted({chemical_symbols[z] for z in potential.numbers})
types = [elements.index(chemical_symbols[z]) + 1 for z in potential.numbers]
lammps = start_lammps()
lammps.commands_string(f"""
units metal
atom_modify map yes
region box block -20 20 -20 20 -20 20
create_box {len(elements)} box
pair_style zero 5.0
pair_coeff * *
""")
for kind, symbol in enumerate(elements):
    lammps.command(f"mass {kind + 1} {atomic_masses[chemical_symbols.index(symbol)]}")
lammps.create_atoms(
    len(types), list(range(1, len(types) + 1)), types, (positions - positions.mean(axis=0)).ravel().tolist()
)
attach(lammps, potential, elements)

lammps.commands_string("fix nve all nve\nvelocity all create 300.0 1\ntimestep 0.0005\nrun 0 post no")
before = lammps.get_thermo("etotal")
lammps.command("run 200 post no")
print(f"{potential!r}\n100 fs of dynamics; the total energy changed by {lammps.get_thermo('etotal') - before:+.2e} eV")
