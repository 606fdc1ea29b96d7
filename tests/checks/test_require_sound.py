"""Energies that are not on the scale of the forces are refused, never trained silently."""

import numpy as np
import pytest
from toy import toy_dataset

from supple import SGDML, Dataset, SchNet
from supple.checks import require_sound
from supple.errors import DataError, SettingsError
from supple.models.kernel.direct_fit import small_kernel_model

UNITS = "kcal/mol"
QUICK = [
    SGDML(sigma=8.0),
    SchNet(features=32, interactions=1, steps=20, validate_every=10, compile="never", device="cpu"),
]


def labelled(energies=lambda e: e, forces=lambda f: f, n_frames=120):
    """The toy data as a file in kcal/mol, with labels spoilt."""
    clean = toy_dataset(n_frames)
    per_ev = 23.060547830619026
    return Dataset.of(
        clean.numbers, clean.positions, energies(clean.energies * per_ev), forces(clean.forces * per_ev), UNITS
    )


def standardised(e):
    return (e - e.mean()) / e.std()


def test_clean_data_pass():
    assert require_sound(labelled(), small_kernel_model) == []


@pytest.mark.parametrize("n_frames", [10, 30, 400])
def test_clean_data_pass_whatever_their_number(n_frames):
    assert require_sound(labelled(n_frames=n_frames), small_kernel_model) == []


@pytest.mark.parametrize(
    ("energies", "forces", "culprit"),
    [
        (standardised, lambda f: f, "they look standardised"),
        (lambda e: e, lambda f: -f, "the forces are gradients"),
        (lambda e: e / 23.0605, lambda f: f, "--units energy=eV,forces=kcal/mol/Å"),
        (lambda e: e / 627.509, lambda f: f, "--units energy=hartree,forces=kcal/mol/Å"),
        (lambda e: e * 4.184, lambda f: f, "--units energy=kJ/mol,forces=kcal/mol/Å"),
        (lambda e: e * 4.184, lambda f: f * 4.184, "--units kJ/mol"),
        (lambda e: e + 71500 - e.mean(), lambda f: f / 23.0605, "--units energy=kcal/mol,forces=eV/Å"),
        (lambda e: e, lambda f: f * 0.529177, "the forces look like kcal/mol/bohr"),
        (lambda e: e * 3.0, lambda f: f, "standardised or scaled"),
    ],
)
def test_wrong_labels_are_refused_and_named(energies, forces, culprit):
    with pytest.raises(DataError, match=r"(not on the scale of the forces|cannot be in).*--accept") as caught:
        require_sound(labelled(energies, forces), small_kernel_model)
    assert culprit in str(caught.value)


@pytest.mark.parametrize("settings", QUICK, ids=lambda s: s.kind)
def test_no_model_trains_on_standardised_energies_silently(settings):
    train, valid, _ = labelled(standardised).split(train=80, valid=20)
    with pytest.raises(DataError, match="standardised"):
        settings.fit(train, valid)
    accepted = settings.fit(train, valid, accept=["energy-scale"])
    assert any("standardised" in note for note in accepted.provenance.notes)


def test_only_findings_can_be_accepted():
    with pytest.raises(SettingsError, match="'typo' is not the name of a finding"):
        require_sound(labelled(), small_kernel_model, accept=["typo"])


def test_forces_alone_pass():
    clean = toy_dataset(30)
    assert require_sound(Dataset.of(clean.numbers, clean.positions, None, clean.forces), small_kernel_model) == []


def test_constant_energies_are_no_energies():
    with pytest.raises(DataError, match="all 120 energies are 0 kcal/mol, although the geometries differ"):
        require_sound(labelled(np.zeros_like), small_kernel_model)
