"""From a molecule to a force field whose error is stated: explore, choose, calculate, train, test, and again.

`growth.py` is the loop; `next_round.py` decides what comes next, `dynamics.py` draws geometries, `choosing.py` chooses which to
calculate, `calculations.py` calculates them, `labelled_frames.py` has what was calculated, and `given_frames.py` what there was before;
`training.py` trains, `testing.py` has the errors, `round_folder.py` a round on disk, `messages.py` what is said, and `report.py` the page.
"""
