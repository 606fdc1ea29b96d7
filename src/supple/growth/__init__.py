"""From a molecule to a force field whose error is stated: explore, choose, calculate, train, test, and again.

`growth.py` is the loop; `next_round.py` decides what comes next, `dynamics.py` draws geometries, `choosing.py` chooses which to
calculate, `labelled_frames.py` has what was calculated, `round_folder.py` a round on disk, `stated_error.py` the error in the end, and
`report.py` the page.
"""
