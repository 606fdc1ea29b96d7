"""Damaged and forged model files are refused with a sentence, soon, and within little memory."""

import itertools
import json
import re

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from toy import toy_dataset
from written_out_kernel import symmetric_weights

from supple import load
from supple.errors import ModelFileError, ResourceError
from supple.models.kernel.matern import MATERN_7_2
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.potential import SGDMLPotential
from supple.models.neural.bespoke.potential import BespokePotential
from supple.models.neural.schnet.potential import SchNetPotential
from supple.molecule.descriptors.registry import make_descriptor

NESTED = "[" * 2000 + "]" * 2000


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """Content of the file of a kernel model with random weights and all permutations of the three hydrogens of CH3.

    Its kernel has two terms: of the whole molecule, and of the first two pairs of atoms.
    """
    data = toy_dataset(5)
    hydrogens = [2, 4, 5]
    permutations = np.tile(np.arange(6), (6, 1))
    permutations[:, hydrogens] = list(itertools.permutations(hydrogens))
    descriptor = make_descriptor("angles", data.numbers, data.positions, permutations)
    x = descriptor(torch.tensor(data.positions))
    v, w = torch.randn(5, x.shape[1], dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    action = descriptor.action(torch.tensor(permutations))
    parts = [TermParts(1.0), TermParts(0.5, 1, (0, 1))]
    metric = MolecularKernel(MATERN_7_2, symmetric_weights(action, 2), parts, action)
    potential = SGDMLPotential(data.numbers, metric, x, v, action, 2.0, -3100.0, w, descriptor=descriptor)
    return written(potential, tmp_path_factory.mktemp("kernel"))


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """Content of the file of a network with random weights."""
    architecture = {"features": 8, "interactions": 2, "gaussians": 5, "cutoff": 4.0, "knots": 40, "shared": False}
    return written(SchNetPotential(toy_dataset(1).numbers, architecture, 2.0, -3.0), tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def bespoke(tmp_path_factory):
    """Content of the file of a bespoke network with random weights."""
    architecture = {"classes": [0, 1, 2, 3, 2, 2], "features": 8, "layers": 2, "radial": 5, "cutoff": 4.0}
    return written(
        BespokePotential(toy_dataset(1).numbers, architecture, 2.0, -3.0), tmp_path_factory.mktemp("bespoke")
    )


def written(potential, folder):
    potential.save(folder / "model.safetensors")
    return (folder / "model.safetensors").read_bytes()


def changed(content, path, change):
    """The file with a change to header and arrays, as an older version would have written it: without a checksum."""
    path.write_bytes(content)
    with safe_open(path, framework="pt") as opened:
        header = json.loads(opened.metadata()["supple"])
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    text = change(header, arrays)
    path.unlink()
    save_file(arrays, path, metadata={"supple": text if isinstance(text, str) else json.dumps(header)})
    return path


def put(name, value):
    def change(header, arrays):
        arrays[name] = value(arrays[name])

    return change


def first(value):
    def change(array):
        array = array.clone()
        array.view(-1)[0] = value
        return array

    return change


def swapped(header, arrays):
    """A permutation that exchanges C and O, and all distances with them."""
    numbers = header["numbers"]
    atoms = list(range(len(numbers)))
    c, o = numbers.index(6), numbers.index(8)
    atoms[c], atoms[o] = o, c
    configuration = header["configuration"]["descriptor"]
    pairs = [(i, j) for i in range(len(numbers)) for j in range(i)]
    entries = [*pairs, *map(tuple, configuration["angles"]), *map(tuple, configuration["dihedrals"])]
    place = {min(e, e[::-1]): d for d, e in enumerate(entries)}
    images = [tuple(atoms[a] for a in e) for e in entries]
    row = [place.get(min(e, e[::-1]), d) for d, e in enumerate(images)]
    arrays["action"] = torch.tensor([list(range(len(entries))), row])


def set_header(**values):
    return lambda header, arrays: header.update(values)


def set_configuration(**values):
    return lambda header, arrays: header["configuration"].update(values)


def set_kernel(**values):
    return lambda header, arrays: header["configuration"]["kernel"].update(values)


def set_term(**values):
    return lambda header, arrays: header["configuration"]["kernel"]["terms"][1].update(values)


def as_version_1(configuration):
    """The change to a file of the first version: a length scale in place of the kernel, and no metric."""

    def change(header, arrays):
        header["format_version"] = 1
        header["configuration"].pop("kernel")
        header["configuration"].update(configuration)
        del arrays["kernel.weights"]

    return change


def errors(**values):
    return {"n_frames": 5, "energy": None, "forces": {"mae": 0.1, "rmse": 0.2, "unit": "eV/Å"} | values}


SHARED = [
    (lambda header, arrays: json.dumps(header)[:-1] + f', "x": {NESTED}}}', "nested too deeply"),
    (lambda header, arrays: json.dumps(header)[:-1] + ', "kind": "sgdml"}', "'kind' occurs twice"),
    (lambda header, arrays: json.dumps([header]), "not a JSON object"),
    (set_header(configuration=[]), "configuration: input should be a valid dictionary"),
    (set_header(numbers=[10**30] * 6), r"numbers\.0"),
    (set_header(numbers=[-6] * 6), r"numbers\.0: input should be greater than or equal to 1"),
    (set_header(numbers=[6.5] * 6), r"numbers\.0"),
    (set_header(numbers=[]), "numbers: list should have at least 1"),
    (set_header(numbers=[1] * 10**5), "numbers: list should have at most 5000"),
    (set_header(format_version=True), "states no format version"),
    (set_header(kind="\x1b[31mred"), re.escape(r"'\x1b[31mred'")),
    (set_header(provenance={"n_train": -3}), "n_train: input should be greater"),
    (set_header(provenance={"seconds": float("nan")}), "seconds"),
    (set_header(provenance={"validation": errors(p95=float("nan"))}), r"provenance\.validation.*p95"),
    (set_header(provenance={"validation": errors(max=-1.0)}), r"provenance\.validation.*max"),
    (put("scale", lambda a: torch.tensor(float("nan"), dtype=torch.float64)), "scale"),
    (put("scale", lambda a: torch.tensor(-1.0, dtype=torch.float64)), "scale is not positive"),
]
KERNEL = [
    *[(set_kernel(function=value), "kernel.function") for value in ("gauss", None, 5, ["matern-5/2"])],
    *[(set_kernel(terms=value), "kernel.terms") for value in ([], None, "all", [None], [{}])],
    (lambda h, a: h["configuration"].pop("kernel"), "kernel: field required"),
    (lambda h, a: a.pop("kernel.weights"), r"kernel\.weights"),
    *[(set_term(coefficient=value), "coefficient") for value in (0, -1.0, float("nan"), float("inf"), "large", None)],
    (set_term(weights=2), "weights or entries that there are not"),
    (set_term(weights=10**30), "weights"),
    (set_term(weights=-1), "weights: input should be greater"),
    *[(set_term(entries=value), "entries that there are not") for value in ([], [0, 0], [0, -1], [0, 99], [10**30])],
    *[(set_term(entries=value), "entries") for value in ("all", [0.5], [None], {})],
    *[(put("kernel.weights", first(value)), "weights") for value in (0, -1.0, float("nan"), float("inf"))],
    (put("kernel.weights", first(1e300)), "not finite"),
    (put("kernel.weights", lambda a: a[:, :-1].contiguous()), "one for each entry"),
    (put("kernel.weights", lambda a: a[0]), "one for each entry"),
    (put("kernel.weights", lambda a: a[:0]), "weights or entries that there are not"),
    (put("kernel.weights", lambda a: a.float()), r"kernel\.weights is not in double precision"),
    (
        put("kernel.weights", lambda a: a * torch.linspace(1, 2, a.shape[1], dtype=a.dtype)),
        "that a permutation exchanges",
    ),
    *[
        (as_version_1({"sigma": value}), "sigma")
        for value in (0, -1.0, float("nan"), float("inf"), "wide", None, [8.0])
    ],
    (as_version_1({}), "sigma"),
    (as_version_1({"sigma": 1e-300}), "not finite"),
    (as_version_1({"sigma": 10**400}), "not positive numbers"),
    (set_configuration(descriptor={"name": "\x1b[2J"}), re.escape(r"'\x1b[2J'")),
    (
        lambda h, a: h["configuration"]["descriptor"].update(angle_weight=float("nan")),
        "angle_weight of the descriptor is nan",
    ),
    *[
        (lambda h, a, value=value: h["configuration"]["descriptor"].update(angle_weight=value), "angle_weight")
        for value in ("wide", None, [0.5], [], {}, True, 0, -1, 10**400)
    ],
    (lambda h, a: h["configuration"]["descriptor"]["angles"][0].__setitem__(0, -1), "entry of atoms -1"),
    (lambda h, a: h["configuration"]["descriptor"]["angles"][0].__setitem__(0, 77), "."),
    (put("x", first(float("nan"))), "x holds numbers that are not finite"),
    (put("v", first(float("inf"))), "v holds numbers that are not finite"),
    (put("v", first(1e308)), "not finite"),
    (put("w", first(float("nan"))), "w holds numbers that are not finite"),
    (put("x", first(0.7)), "the centre is not that of the training frames"),
    (put("x", lambda a: a.float()), "x is not in double precision"),
    (put("x", lambda a: a[:0]), "other shapes"),
    (put("x", lambda a: a[:-1]), "other shapes"),
    (put("v", lambda a: a.T.contiguous()), "other shapes"),
    (put("action", lambda a: a.double()), "not integers"),
    (put("action", lambda a: a[1:]), "form no group"),
    (put("action", lambda a: torch.cat([a, a[1:2]])), "form no group"),
    (put("action", first(10**9)), "one that there is not"),
    (put("action", first(-1)), "one that there is not"),
    (put("action", torch.zeros_like), "entry twice"),
    (put("action", lambda a: torch.stack([a[0], a[0].flip(0).flip(0).roll(1)])), "."),
    (swapped, "another element|none of atoms"),
]
NETWORK = [
    (set_configuration(features=10**9), "features"),
    (set_configuration(features=16), "do not fit its architecture"),
    (set_configuration(interactions=10**9), "interactions"),
    (set_configuration(knots=10**9), "knots"),
    (set_configuration(knots=3), "knots"),
    (set_configuration(cutoff=float("nan")), "cutoff"),
    (set_configuration(cutoff=-4.0), "cutoff"),
    (set_configuration(colour="red"), "colour: extra inputs"),
    (put("network.embedding", first(float("nan"))), "embedding holds numbers that are not finite"),
    (put("network.embedding", lambda a: a.double()[:1]), "size mismatch|do not match"),
]


BESPOKE = [
    (set_configuration(features=10**9), "features"),
    (set_configuration(features=16), "do not fit its architecture"),
    (set_configuration(layers=10**9), "layers"),
    (set_configuration(layers=3), r"network\.layers\.2\.mix"),
    (set_configuration(layers=0), "layers"),
    (set_configuration(radial=4), "radial functions"),
    (set_configuration(cutoff=float("nan")), "cutoff"),
    (set_configuration(colour="red"), "colour: extra inputs"),
    *[
        (set_configuration(classes=value), "classes")
        for value in ([0, 1, 2], [0, 1, 2, 4, 2, 2], [-1] * 6, [0.5] * 6, None)
    ],
    (set_configuration(classes=[0, 1, 2, 3, 2, 1]), "different elements"),
    (put("network.embedding", first(float("nan"))), "embedding holds numbers that are not finite"),
    (put("network.embedding", lambda a: a.double()[:1]), "size mismatch|do not match"),
]


@pytest.mark.parametrize(("change", "sentence"), SHARED + KERNEL)
def test_kernel_models(kernel, tmp_path, change, sentence):
    path = changed(kernel, tmp_path / "model.safetensors", change)
    with pytest.raises(ModelFileError, match=sentence) as caught:
        load(path)
    assert "model.safetensors" in str(caught.value) or "descriptor" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("change", "sentence"), SHARED + NETWORK)
def test_networks(network, tmp_path, change, sentence):
    path = changed(network, tmp_path / "model.safetensors", change)
    with pytest.raises(ModelFileError, match=sentence):
        load(path)


@pytest.mark.parametrize(("change", "sentence"), SHARED + BESPOKE)
def test_bespoke_networks(bespoke, tmp_path, change, sentence):
    path = changed(bespoke, tmp_path / "model.safetensors", change)
    with pytest.raises(ModelFileError, match=sentence):
        load(path)


def test_a_file_without_a_checksum_is_read(kernel, tmp_path):
    (tmp_path / "with").write_bytes(kernel)
    first, second = load(tmp_path / "with"), load(changed(kernel, tmp_path / "without", lambda header, arrays: None))
    positions = toy_dataset(3).positions
    for mine, other in zip(first.predict(positions), second.predict(positions), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("kind", ["kernel", "network", "bespoke"])
def test_any_flipped_bit_is_noticed(request, kind, tmp_path):
    content = request.getfixturevalue(kind)
    rng = np.random.default_rng(5)
    path = tmp_path / "model.safetensors"
    for place in rng.integers(len(content), size=60):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match=r"model\.safetensors"):
            load(path)


def test_a_molecule_too_large_for_the_memory_is_refused(kernel, tmp_path, monkeypatch):
    monkeypatch.setattr("supple.models.kernel.stored_parts.available_memory", lambda: 1000)
    (tmp_path / "model.safetensors").write_bytes(kernel)
    with pytest.raises(ResourceError, match="GiB of memory to load"):
        load(tmp_path / "model.safetensors")


def test_terms_without_end_are_refused_before_they_are_made(kernel, tmp_path, monkeypatch):
    def made(*_):
        raise AssertionError("terms were made")

    monkeypatch.setattr(MolecularKernel, "from_configuration", made)

    def many(header, arrays):
        header["configuration"]["kernel"]["terms"] = [{"coefficient": 1.0, "weights": 0, "entries": [0]}] * 20_000

    with pytest.raises(ModelFileError, match="more than 1000 terms"):
        load(changed(kernel, tmp_path / "model.safetensors", many))


def test_environments_without_end_are_refused(kernel, tmp_path, monkeypatch):
    monkeypatch.setattr("supple.models.kernel.stored_parts._MOST_IMAGES", 1000)

    def some(header, arrays):
        header["configuration"]["kernel"]["terms"] *= 20

    with pytest.raises(ModelFileError, match="more environments than are of use"):
        load(changed(kernel, tmp_path / "model.safetensors", some))


def test_terms_too_large_for_the_memory_are_refused(kernel, tmp_path, monkeypatch):
    """All of them have the training frames once more."""
    monkeypatch.setattr("supple.models.kernel.stored_parts.available_memory", lambda: 50_000)

    def many(header, arrays):
        header["configuration"]["kernel"]["terms"] = [{"coefficient": 1.0, "weights": 0, "entries": None}] * 100

    load(changed(kernel, tmp_path / "few.safetensors", lambda header, arrays: None))
    with pytest.raises(ResourceError, match="GiB of memory to load"):
        load(changed(kernel, tmp_path / "many.safetensors", many))


def test_a_term_of_every_environment_is_read(kernel, tmp_path):
    """As many as there are entries: more than any molecule has that is trained on."""

    def some(header, arrays):
        header["configuration"]["kernel"]["terms"] = [
            {"coefficient": 1.0, "weights": 0, "entries": [entry]} for entry in range(arrays["x"].shape[1])
        ]

    potential = load(changed(kernel, tmp_path / "model.safetensors", some))
    assert np.isfinite(potential.predict(toy_dataset(2).positions)[1]).all()


def test_notes_cannot_control_the_terminal(kernel, tmp_path):
    def note(header, arrays):
        header["provenance"] |= {"notes": ["fine \x1b]0;title\x07"], "data_name": "a\x1b[2Jb.xyz"}

    potential = load(changed(kernel, tmp_path / "model.safetensors", note))
    assert potential.provenance.notes == (r"fine \x1b]0;title\x07",)
    assert r"a\x1b[2Jb.xyz" in repr(potential)
