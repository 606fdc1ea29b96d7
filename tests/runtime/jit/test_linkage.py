"""A compiled function gives the same numbers, to the bit, whoever compiled it and whatever else the process has loaded."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from supple import SGDML, read
from supple.data.bundled import bundled_path

#: A function that is called twice is too large to be inlined.
LOOPS = """
import math
from pathlib import Path
from supple.runtime.jit.compile_options import Compiler

compiled = Compiler(Path(__file__)).compiled

@compiled
def norm(a):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * math.exp(a[i]) + math.sin(a[i]) * math.cos(a[i]) + math.tan(a[i])
    for i in range(len(a)):
        a[i] = math.atan2(a[i], total) + math.log(total)
    return math.sqrt(total) + a.sum()

@compiled
def norms(a, b):
    return norm(a) + norm(b)
"""

PREDICT = """
import sys
import numpy as np
from supple import load
from supple.molecule.descriptors.compiled import compiled_entries, describe, pull_back

model, frames, result, first = sys.argv[1:]
potential, positions = load(model), np.load(frames)
if first == "parts":
    entries = compiled_entries(potential.module.descriptor)
    x = describe(positions[0], entries)
    pull_back(positions[0], x, x, entries)
np.savez(result, *potential.predict(positions))
"""


def test_functions_that_are_linked_in_are_internal(tmp_path) -> None:
    (tmp_path / "loops.py").write_text(LOOPS)
    spec = importlib.util.spec_from_file_location("loops", tmp_path / "loops.py")
    loops = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loops)
    a = np.linspace(0.1, 0.9, 9)
    assert loops.norms(a.copy(), a.copy()) == pytest.approx(2 * loops.norm(a.copy()), rel=1e-14)
    (code,) = loops.norms.inspect_asm().values()
    assert "norm_2d" in code.replace("norms_2d", "")  # called, not inlined
    assert ".weak" not in code


@pytest.mark.slow
def test_predictions_are_the_same_with_and_without_the_cache(tmp_path) -> None:
    train, valid, test = read(bundled_path("glycine")).split(40, 20, 100)
    SGDML(sigma=10, lam=1e-10, energies="integrated").fit(train, valid).save(tmp_path / "model.safetensors")
    np.save(tmp_path / "frames.npy", test.positions)

    def predict(name: str, cache: str, first: str) -> tuple[bytes, bytes]:
        arguments = [tmp_path / "model.safetensors", tmp_path / "frames.npy", tmp_path / f"{name}.npz", first]
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / cache)}
        subprocess.run([sys.executable, "-c", PREDICT, *arguments], env=environment, check=True, timeout=600)
        with np.load(tmp_path / f"{name}.npz") as arrays:
            return arrays["arr_0"].tobytes(), arrays["arr_1"].tobytes()

    compiled = predict("compiled", "one", "whole")
    assert list((tmp_path / "one").rglob("*_add_term*.nbc"))
    assert predict("loaded", "one", "whole") == compiled
    assert predict("parts_loaded", "one", "parts") == compiled
    assert predict("parts_compiled", "other", "parts") == compiled
    for file in (tmp_path / "one").rglob("*_add_term*"):
        file.unlink()
    assert predict("compiled_with_loaded_parts", "one", "whole") == compiled
