"""Shapes and types of arrays are those that the annotations state, checked at run time over the main job.

Continuous integration checks them in the whole suite (`--jaxtyping-packages=supple,shape_checks.check`), which doubles its time.
"""

import subprocess
import sys
from pathlib import Path

MAIN_JOB = """
import sys
from pathlib import Path
from jaxtyping import install_import_hook

folder, tests = map(Path, sys.argv[1:])
sys.path.insert(0, str(tests))
install_import_hook("supple", "shape_checks.check")
from toy import toy_dataset
from supple import SGDML, Bespoke, SchNet
from supple.checks import require_sound
from supple.evaluation.regions import errors_by_region
from supple.models.kernel.direct_fit import small_kernel_model
from supple.simulation.analysis import analyse, read_trajectory
from supple.simulation.dynamics import DynamicsSettings, run_md

train, valid, test = toy_dataset(60).split(train=30, valid=15, seed=0)
assert require_sound(train, small_kernel_model) == []
settings = DynamicsSettings.of(time="5fs", every="1fs", temperature=50.0)
small = {"features": 16, "steps": 20, "validate_every": 10, "device": "cpu"}
for model in (SGDML(), SchNet(interactions=1, **small), Bespoke(**small)):
    potential = model.fit(train, valid)
    potential.evaluate(test)
    errors_by_region(potential, test)
    run_md(potential, train, settings, folder / f"{model.kind}.xyz", replicas=2)
analyse([read_trajectory(folder / "sgdml-0.xyz")])
try:
    potential.predict(test.energies)
except Exception as error:
    print(type(error).__name__)
"""


def test_the_main_job(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MAIN_JOB, tmp_path, Path(__file__).parent], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "TypeCheckError"  # the checks were on
