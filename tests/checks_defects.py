"""Defects to plant into clean data: what people really do to such files, one function each.

A defect changes the arrays in place or returns others; beside it stand the findings of which one must name it.
"""

from dataclasses import dataclass, field

import numpy as np
from ase.data import covalent_radii

EV_IN_KCAL, EV_IN_KJ, HARTREE_IN_EV, BOHR = 23.060547830619026, 96.48533212331, 27.211386245988, 0.529177210903


@dataclass
class Arrays:
    """What a file holds, in its own units; the defects work on this."""

    numbers: np.ndarray
    r: np.ndarray
    e: np.ndarray
    f: np.ndarray
    extras: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.r)


DEFECTS = {}


def defect(*names, says=""):
    def register(plant):
        DEFECTS[plant.__name__] = (plant, names, says)
        return plant

    return register


def bonded_pair(data):
    """Two bonded atoms that are not hydrogen, and not in a ring: of the longest such bond's ends the first two found."""
    d = np.linalg.norm(data.r[0][:, None] - data.r[0], axis=2)
    d = d / np.median(d)  # the unit does not matter
    np.fill_diagonal(d, np.inf)
    h = int(np.flatnonzero(data.numbers == 1)[0])
    return h, int(d[h].argmin())


def hydrogens_apart(data):
    """Two hydrogens on different atoms."""
    d = np.linalg.norm(data.r[0][:, None] - data.r[0], axis=2)
    h = np.flatnonzero(data.numbers == 1)
    heavy = np.flatnonzero(data.numbers != 1)
    anchor = {int(k): int(heavy[d[k, heavy].argmin()]) for k in h}
    first = int(h[0])
    return first, next(int(k) for k in h if anchor[int(k)] != anchor[first])


def some(data, part=0.03, seed=1):
    return np.sort(np.random.default_rng(seed).permutation(len(data))[: max(3, int(part * len(data)))])


# --- energies against forces ---


@defect("energy-scale", says="standardised")
def energies_standardised(d):
    d.e[:] = (d.e - d.e.mean()) / d.e.std()


@defect("energy-scale", says="gradients")
def forces_are_gradients(d):
    d.f *= -1


@defect("energy-scale")
def energies_scaled(d):
    d.e[:] = d.e.mean() + 3.0 * (d.e - d.e.mean())


@defect("energy-scale", "units")
def energies_in_another_unit(d):
    d.e /= EV_IN_KCAL


@defect("energy-scale", "units")
def energies_in_kj_of_kcal(d):
    d.e *= 4.184


@defect("energy-scale")
def forces_per_bohr(d):
    d.f *= BOHR


@defect("energy-scale", "units")
def forces_in_another_unit(d):
    d.f *= EV_IN_KCAL


@defect("energies-unrelated")
def energies_shuffled(d):
    d.e[:] = np.random.default_rng(2).permutation(d.e)


@defect("forces-unrelated", "net-torque")
def forces_shuffled(d):
    d.f[:] = d.f[np.random.default_rng(2).permutation(len(d))]


@defect("net-torque")
def geometries_turned_without_their_forces(d):
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    d.r[:] = d.r @ turn


@defect("net-torque")
def forces_in_another_order_of_atoms(d):
    d.f[:] = d.f[:, ::-1]


@defect("net-force")
def forces_of_an_atom_missing(d):
    d.f[:, 0] = 0.3 * d.f[:, 0]


@defect("net-force")
def a_field(d):
    d.f[:, :, 2] += d.f.std()


@defect("energy-zero")
def another_zero_in_the_second_half(d):
    d.e[len(d) // 2 :] += 60 * d.e.std()


@defect("energy-zero")
def another_zero_in_a_tenth(d):
    d.e[: len(d) // 8] -= 100 * d.e.std()


# --- labels ---


@defect("energy-outlier")
def one_energy_wild(d):
    d.e[7] *= 1.05


@defect("energy-outlier")
def one_energy_zero(d):
    d.e[7] = 0.0


@defect("force-outlier")
def one_frame_of_huge_forces(d):
    d.f[9] *= 300


@defect("force-outlier")
def forces_of_a_few_frames_reversed(d):
    d.f[some(d)] *= -1


@defect("zero-forces")
def forces_of_some_frames_zero(d):
    d.f[some(d)] = 0.0


@defect("frozen-atoms")
def an_atom_held(d):
    d.f[:, 1] = 0.0


@defect("repeated-labels")
def results_copied_along(d):
    d.f[11:14], d.e[11:14] = d.f[10], d.e[10]


@defect("repeated-labels", says="the same energy")
def energies_copied_along(d):
    d.e[11:16] = d.e[10]


@defect("constant-energies", says="a setting of the calculations")
def a_cutoff_for_the_energies(d):
    d.e[:] = 500.0


@defect("energy-scale", "units", says="per atom")
def energies_per_atom(d):
    d.e[:] = d.e.mean() + (d.e - d.e.mean()) / len(d.numbers)


@defect("rounded-energies")
def energies_rounded(d):
    step = 0.1 * d.e.std()
    d.e[:] = np.round(d.e / step) * step


@defect("missing-energy")
def some_energies_missing(d):
    d.e[some(d)] = np.nan


@defect("missing-energy")
def all_energies_missing(d):
    d.e[:] = np.nan


@defect("mixed-scale")
def forces_of_half_in_another_unit(d):
    d.f[len(d) // 2 :] *= 23.06


@defect("mixed-scale")
def labels_of_some_in_hartree(d):
    part = some(d, 0.2)
    d.f[part] /= 51.42


@defect("mixed-theory")
def two_levels_of_theory(d):
    d.extras["theory"] = np.array(["PBE/def2-SVP"] * (len(d) // 2) + ["HF/STO-3G"] * (len(d) - len(d) // 2))


@defect("mixed-charge")
def frames_of_an_ion(d):
    d.extras["charge"] = np.zeros(len(d))
    d.extras["charge"][some(d, 0.2)] = 1.0


@defect("impossible-multiplicity")
def a_singlet_with_an_odd_number_of_electrons(d):
    d.extras["charge"] = np.full(len(d), 1.0 - d.numbers.sum() % 2)
    d.extras["multiplicity"] = np.ones(len(d))


# --- geometries ---


@defect("units")
def lengths_in_bohr_said_to_be_angstrom(d):
    d.r /= BOHR


@defect("mixed-lengths")
def lengths_of_a_few_frames_in_another_unit(d):
    d.r[some(d)] *= BOHR


@defect("collision")
def two_atoms_collide(d):
    a, b = bonded_pair(d)
    d.r[5, a] = d.r[5, b] + 0.25 * (d.r[5, a] - d.r[5, b])


@defect("broken-molecule")
def a_bond_broken(d):
    a, b = bonded_pair(d)
    d.r[5, a] = d.r[5, b] + 4.0 * (d.r[5, a] - d.r[5, b])


@defect("atom-order")
def atoms_changed_places_in_some_frames(d):
    a, b = hydrogens_apart(d)
    part = some(d)
    order = np.arange(len(d.numbers))
    order[[a, b]] = order[[b, a]]
    d.r[part], d.f[part] = d.r[part][:, order], d.f[part][:, order]


@defect("atom-order")
def atoms_changed_places_in_half_of_the_frames(d):
    a, b = hydrogens_apart(d)
    part = np.arange(len(d) // 2, len(d))
    order = np.arange(len(d.numbers))
    order[[a, b]] = order[[b, a]]
    d.r[part], d.f[part] = d.r[part][:, order], d.f[part][:, order]


@defect("geometry-outlier", "broken-molecule", "energy-outlier", "force-outlier")
def one_geometry_far_off(d):
    d.r[3] *= 1.35


# --- frames ---


@defect("duplicate-frames")
def a_frame_twice(d):
    d.r[20], d.e[20], d.f[20] = d.r[4], d.e[4], d.f[4]


@defect("duplicate-frames")
def a_frame_turned_and_moved(d):
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    d.r[20], d.e[20], d.f[20] = d.r[4] @ turn + 3.0, d.e[4], d.f[4] @ turn


@defect("near-duplicates")
def a_frame_nearly_twice(d):
    nudge = np.random.default_rng(5).normal(size=d.r[4].shape) * covalent_radii[d.numbers][:, None] * 1e-3
    d.r[20], d.e[20], d.f[20] = d.r[4] + nudge, d.e[4], d.f[4]


@defect("contradicting-labels")
def one_geometry_with_two_results(d):
    d.r[20] = d.r[4]


@defect("correlated-frames")
def a_trajectory(d):
    order = np.argsort(d.r.reshape(len(d), -1) @ np.random.default_rng(6).normal(size=3 * len(d.numbers)))
    d.r[:], d.e[:], d.f[:] = d.r[order], d.e[order], d.f[order]
    steps = np.repeat(np.arange(0, len(d), 4), 4)[: len(d)]
    late = np.arange(len(d)) % 4 * 0.01
    d.r[:] = d.r[steps] + late[:, None, None] * d.f[steps] / d.f.std() * np.median(np.abs(d.r))
