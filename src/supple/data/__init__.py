"""Data: files of geometries, energies and forces become a `Dataset`, the frames of one molecule in eV and Å.

dataset         Dataset, in memory; concatenate joins several.
reading/        files -> Dataset, a module for each format; writing/ the way back. Both are open registries.
units           units of files and reports, converted here only.
splits          training, validation and test frames; time_blocks splits trajectories by time.
selection/      which frames are chosen for training.
bundled/        two small sets of reference data, azobenzene and glycine.
elements        symbols, atomic numbers, formulas.
"""
