"""Programs of quantum chemistry that are run for each geometry: a file of YAML says how (`psi4.yaml`, `orca.yaml` ...).

`template.py` is such a file, `run_program.py` runs a command in a folder of its own, `read_results.py` reads what it wrote, and
`program_calculator.py` makes an ASE calculator of them.
"""
