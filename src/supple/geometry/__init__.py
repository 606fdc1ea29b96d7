"""Moving one molecule's geometry: minimisation, scans, reaction paths, normal modes and Langevin dynamics.

Everything here works with any ASE calculator, yields plain Python objects, and resumes from them; it is independent of files and
reference labels. `supple.sampling` adds those; `supple.simulation.relaxation` puts a force field in the calculator's place.
"""
