"""Model files of every format version still load, and predict what they predicted when they were written.

A new format version adds files here, which this file writes: `python tests/models/old_models/test_old_models.py`; old ones stay.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from supple import load
from supple.models.registry import settings_class

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("v*-*.safetensors"))


def geometry() -> np.ndarray:
    from toy import ATOMS

    return ATOMS.positions[None] + 0.05 * np.sin(np.arange(18.0)).reshape(1, 6, 3)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_still_predicts_the_same(file):
    expected = json.loads(file.with_suffix(".json").read_text())
    energies, forces = load(file).predict(geometry())
    np.testing.assert_allclose(energies, expected["energies"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(forces, expected["forces"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("file", [file for file in FILES if file.stem[:2] > "v2"], ids=lambda file: file.stem)
def test_still_gives_the_same_error_bars(file):
    """Files of the first two versions have none."""
    expected = json.loads(file.with_suffix(".json").read_text())
    found = load(file).predict(geometry(), uncertainty=True)
    np.testing.assert_allclose(found.energies_std, expected["energies_std"], rtol=1e-3)
    np.testing.assert_allclose(found.forces_std, expected["forces_std"], rtol=1e-3)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_validation_errors_are_known(file):
    """Those of the first version were without percentile and maximum."""
    forces = load(file).provenance.validation.forces
    assert 0 < forces.mae < forces.rmse
    assert forces.max is None or forces.max > forces.rmse


def test_there_is_one_of_each_kind():
    of_first = {"v1-sgdml", "v1-schnet"}
    assert {file.stem for file in FILES} >= of_first | {f"v2-{kind}" for kind in ("sgdml", "schnet", "bespoke")}


@pytest.mark.parametrize("file", [file for file in FILES if "sgdml" not in file.stem], ids=lambda file: file.stem)
def test_training_goes_on_from_a_network(file):
    from toy import toy_dataset

    settings = settings_class(load(file).kind).continuing(
        file, steps=20, validate_every=10, compile="never", device="cpu"
    )
    train, valid, _ = toy_dataset(30).split(train=10, valid=10, test=10)
    assert set(load(file).provenance.seen_frames) == {*train.frame_hashes, *valid.frame_hashes}
    grown = settings.fit(train, valid)
    assert grown.evaluate(valid).forces.rmse < load(file).evaluate(valid).forces.rmse


def test_the_second_version_has_a_learned_metric_of_several_terms_and_learned_energies():
    module = load(FOLDER / "v2-sgdml.safetensors").module
    assert len(module.kernel.terms) > 2
    assert module.kernel.weights.unique().numel() > 2
    assert module.w is not None


def _make() -> None:
    sys.path.insert(0, str(FOLDER.parents[1]))
    from toy import toy_dataset

    from supple import SGDML, Bespoke, SchNet
    from supple.models.upgrades import FORMAT_VERSION

    train, valid, _ = toy_dataset(30).split(train=10, valid=10, test=10)
    schnet = SchNet(features=8, interactions=1, knots=64, steps=100, validate_every=50, compile="never", device="cpu")
    bespoke = Bespoke(features=8, radial=4, steps=100, validate_every=50, compile="never", device="cpu")
    for settings in (SGDML(energies="learned"), schnet, bespoke):
        file = FOLDER / f"v{FORMAT_VERSION}-{settings.kind}.safetensors"
        if file.exists():
            continue
        potential = settings.fit(train, valid)
        potential.save(file)
        found = potential.predict(geometry(), uncertainty=True)
        numbers = {name: array.tolist() for name, array in found._asdict().items()}
        file.with_suffix(".json").write_text(json.dumps(numbers))


if __name__ == "__main__":
    _make()
