"""The force field of the examples: one named on the command line, or a small one for glycine, trained in seconds."""

import sys

import numpy as np

import supple
from supple.data.bundled import bundled_path


def force_field() -> tuple[supple.Potential, np.ndarray]:
    """A force field and a geometry (N, 3) of its molecule, in Å.

    Command-line arguments: a model file, and a file with a geometry of its molecule.
    """
    if len(sys.argv) > 2:
        return supple.load(sys.argv[1]), supple.read(sys.argv[2], labels=False).positions[0]
    data = supple.read(bundled_path("glycine"))
    train, valid, _ = data.split(train=50, valid=30, test=50, seed=0)
    potential = supple.SGDML(sigma=20, descriptor="inverse-distances").fit(train, valid)
    return potential, data.positions[int(np.argmin(data.energies))]
