"""Exploration of a molecule by a cheap method: its conformers, the barriers between them, and the motion about both.

`explore.py` is the whole; `conformer_search.py` finds conformers and scans torsions, `surroundings.py` moves about what was found,
`kept_results.py` keeps each result, so that an interrupted exploration goes on, and `first_batch.py` chooses the geometries to label first.
"""
