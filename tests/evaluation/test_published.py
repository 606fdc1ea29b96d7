from __future__ import annotations

import pytest

from supple.evaluation.published import load_published, recognise, series_for, title_of


def test_every_series_is_sound() -> None:
    published = load_published()
    assert len(published) > 100
    for series in published:
        assert series.sizes == tuple(sorted(series.sizes))
        assert all(value > 0 for value in series.values)
        assert series.unit
        assert title_of(series.dataset)


def test_sources_say_what_their_numbers_mean_and_where_they_stand() -> None:
    sources = {series.source.label: series.source for series in load_published()}
    assert len(sources) == 9
    for source in sources.values():
        assert source.definition
        assert source.split
        assert source.uncertainty
    without = [source for source in sources.values() if source.doi is None]
    assert [source.label for source in without] == ["reproduction (unpublished)"]
    assert "no DOI; unpublished report" in without[0].citation


@pytest.mark.parametrize(
    ("name", "formula", "test", "found"),
    [
        ("Glycine.xyz.gz", "C2H5NO2", "", ["glycine"]),
        ("Glycine.xyz", "C2H6O", "", []),
        ("unknown.xyz", "C2H5NO2", "", []),
        ("Azobenzene_inversion.xyz", "C12H10N2", "", ["azobenzene_inversion"]),
        ("AzobenzeneRotation.xyz", "C12H10N2", "", ["azobenzene_rotation"]),
        ("Azobenzene_rotation_and_inversion.xyz", "C12H10N2", "", ["azobenzene_rotation_and_inversion"]),
        ("Azobenzene_inversion_cis.xyz", "C12H10N2", "", []),
        ("rmd17_azobenzene.npz", "C12H10N2", "", ["rmd17_azobenzene"]),
        ("rmd17_ethanol.npz", "C2H6O", "", ["rmd17_ethanol"]),
        ("md17_ethanol.npz", "C2H6O", "", ["md17_ethanol"]),
        ("md17_ethanol_ccsd.npz", "C2H6O", "", []),
        ("train_300K.xyz", "C12H12N2O", "test_1200K.xyz", ["3bpa_1200k"]),
        ("train_300K.xyz", "C12H12N2O", "", []),
    ],
)
def test_data_are_recognised_by_name_and_formula(name: str, formula: str, test: str, found: list[str]) -> None:
    assert recognise(name, formula, test) == found


@pytest.mark.parametrize(
    ("dataset", "model", "quantity", "metric", "size", "value"),
    [
        ("glycine", "sGDML", "forces", "rmse", 1000, 0.47),
        ("glycine", "SchNet", "energy", "rmse", 100, 0.44),
        ("azobenzene_rotation", "sGDML [1/r + ang]", "energy", "rmse", 300, 0.81),
        ("azobenzene_inversion", "SchNet", "energy", "rmse", 200, 1.16),
        ("rmd17_azobenzene", "Allegro", "forces", "mae", 950, 2.6),
        ("md17_uracil", "NequIP l=3", "energy", "mae", 1000, 4.5),
        ("3bpa_600k", "sGDML", "forces", "rmse", 500, 439),
    ],
)
def test_some_numbers(dataset: str, model: str, quantity: str, metric: str, size: int, value: float) -> None:
    found = [one for one in series_for(dataset, quantity, metric) if one.model == model and one.source.doi]
    assert dict(zip(found[0].sizes, found[0].values, strict=True))[size] == value


def test_values_are_converted() -> None:
    series = next(one for one in series_for("rmd17_ethanol", "forces") if one.model == "Allegro")
    assert series.at(950, "eV/Å") == pytest.approx(0.0021)
    assert series.at(950, "kcal/mol/Å") == pytest.approx(0.0021 * 23.0605, rel=1e-4)
    assert series.at(200, "eV/Å") is None


@pytest.mark.parametrize(
    ("theory", "found"), [("", ["glycine"]), ("PBE+TS", ["glycine"]), ("GFN2-xTB (tblite 0.8.0)", [])]
)
def test_data_of_another_level_of_theory_are_other_data(theory: str, found: list[str]) -> None:
    assert recognise("glycine.xyz", "C2H5NO2", theory=theory) == found
