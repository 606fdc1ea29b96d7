from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_scheduling import with_trouble
from test_study_plan import plan
from typer.testing import CliRunner

from supple.data.units import ENERGY
from supple.errors import SettingsError, UnitsError
from supple.runtime.workers.backends import LocalBackend
from supple.study import StudyResult, run_study, write_study
from supple.study.formatting import markdown
from supple.study.html_report.methods import methods_paragraph
from supple.study.learning_curve_figures import write_figures
from supple.study.markdown_report import write_report
from supple.study.plan import DatasetEntry, StudyPlan
from supple.study.report_sentences import TAILS
from supple.study.results import collect
from supple.study.results_table import tails_table, terminal_table


@pytest.fixture(scope="module")
def studies() -> dict[str, StudyResult]:
    """What `made` has made."""
    return {}


@pytest.fixture
def made(studies: dict[str, StudyResult], tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """A study, carried out once; to be looked at alone."""
    if not studies:
        folder = tmp_path_factory.mktemp("study")
        settings = with_trouble(folder / "diary", trouble_at=30)
        studies["made"] = run_study(
            plan(sizes=(10, 20, 30), settings=settings), folder / "out", backend=LocalBackend(jobs=1)
        )
    return studies["made"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_result_that_cannot_be_verified_is_a_failure(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_study(plan(sizes=(10,)), out, backend=LocalBackend(jobs=1))
    cell = next((out / "cells").glob("*-n10-s0"))
    (cell / "run.json").unlink()
    again = run_study(plan(sizes=(10,)), out, backend=LocalBackend(jobs=1)).results
    assert {failed.name: "has files but no run.json" in why for failed, why in again.failures.items()} == {
        cell.name: True
    }
    assert [
        (row.status, row.value) for row in again.rows if f"{row.model}-n{row.n_train}-s{row.seed}" in cell.name
    ] == [("failed", None)]


def test_csv_has_a_row_for_every_number(made: StudyResult) -> None:
    table = rows(made.csv)
    assert list(table[0]) == [
        *("dataset", "formula", "model", "n_train", "n_valid", "seed", "n_test", "quantity", "metric", "value"),
        *("unit", "seconds", "peak_rss_bytes", "status", "interval_low", "interval_high", "step_seconds"),
    ]  # fmt: skip
    assert len(table) == 2 * 2 * 8 + 2
    done = [row for row in table if row["status"] == "done"]
    assert {row["unit"] for row in done} == {"kcal/mol", "kcal/mol/Å"}
    assert {row["formula"] for row in table} == {"C2H5NO2"}
    assert all(float(row["value"]) > 0 for row in done)
    assert {row["value"] for row in table if row["status"] == "failed"} == {""}
    assert {row["metric"] for row in done} == {"rmse", "mae", "p95", "max"}
    assert {row["metric"] for row in done if row["interval_low"]} <= {"rmse", "mae"}


def test_the_report_has_a_table_of_the_largest_errors(made: StudyResult) -> None:
    table = tails_table(made.results, "glycine")
    assert table is not None
    assert table.headings == [
        *("model", "N", "E MAE", "E RMSE", "E 95 %", "E max", "F MAE", "F RMSE", "F 95 %", "F max")
    ]  # fmt: skip
    assert [row[:2] for row in table.rows] == [[table.rows[0][0], "10"], [table.rows[0][0], "20"]]
    for line in table.rows:
        for of_quantity in (line[2:6], line[6:]):
            mae, rmse, p95, largest = map(float, of_quantity)
            assert mae <= rmse <= largest and p95 <= largest
    report = made.report.read_text()
    assert TAILS in report
    assert "| " + " | ".join(table.rows[0]) + " |" in report


def test_a_study_of_an_earlier_version_had_no_tails(made: StudyResult, tmp_path: Path) -> None:
    out = shutil.copytree(made.results.out, tmp_path / "out")
    before = collect(out)
    for file in (out / "cells").glob("*/result.json"):
        content = json.loads(file.read_text())
        for of_frames in (content["validation"], content["test"]):
            for quantity in ("energy", "forces"):
                del of_frames[quantity]["p95"], of_frames[quantity]["max"]
        file.write_text(json.dumps(content))
    after = write_study(out)
    assert after.results.rows == tuple(row for row in before.rows if row.metric not in ("p95", "max"))
    assert TAILS not in after.report.read_text()
    assert TAILS not in (out / "report.html").read_text()


def test_other_units_change_the_numbers_alone(made: StudyResult, tmp_path: Path) -> None:
    out = shutil.copytree(made.results.out, tmp_path / "out")
    before = [row["value"] for row in made.results.as_dicts()]
    after = write_study(out, "eV").results.as_dicts()
    assert after[0]["unit"] == "eV"
    for old, new in zip(before, after, strict=True):
        assert (old is None) == (new["value"] is None)
        if old is not None:
            assert new["value"] == pytest.approx(old * ENERGY["kcal/mol"])
    with pytest.raises(UnitsError):
        write_study(out, "parsec")


def test_figures_are_drawn(made: StudyResult, tmp_path: Path) -> None:
    figures = write_figures(made.results, tmp_path / "figures")
    assert [figure.name for figure in figures] == ["glycine-rmse.png", "glycine-rmse.pdf"]
    assert all(figure.stat().st_size > 10_000 for figure in figures)
    write_report(made.results, figures, tmp_path / "report.md")
    assert "(figures/glycine-rmse.png)" in (tmp_path / "report.md").read_text()


def test_report_answers_and_names_its_sources(made: StudyResult) -> None:
    report = made.report.read_text()
    assert "at N=20" in report
    assert "10.1063/5.0038516" in report
    assert "read off the figures of the paper, about ±0.03" in report
    assert "no DOI; unpublished report" in report
    assert 'The report labels its RMSE columns "MSE"' in report
    assert "supple study Glycine.xyz" in report
    assert "There is no memory \\| for \\`this\\` training." in report
    assert "Failed trainings: 2; not yet run: 0." in report


def test_comparison_is_made_where_size_error_and_unit_agree(tmp_path: Path) -> None:
    from supple.study.conclusions import comparisons
    from supple.study.results import Results, Row
    from supple.study.study_file import read_record

    run_study(plan(sizes=(10,), seeds=(0,)), tmp_path)
    record = read_record(tmp_path)
    common: dict[str, Any] = {"dataset": "glycine", "formula": "C2H5NO2", "n_valid": 6, "n_test": 9, "seed": 0}
    common |= {"seconds": 1.0, "peak_rss_bytes": 1, "status": "done", "quantity": "forces", "metric": "rmse"}
    unit = 1.0 / ENERGY["kcal/mol"]
    table = [
        Row(model="sgdml", n_train=200, value=1.21 / unit, unit="eV/Å", **common),
        Row(model="sgdml", n_train=400, value=1.0, unit="eV/Å", **common),
    ]
    (found,) = comparisons(Results(tmp_path, record, tuple(table), {}), "glycine")
    assert (found.n_train, found.ratio) == (200, pytest.approx(1.0))


def test_what_a_step_of_dynamics_costs_is_said(made: StudyResult) -> None:
    assert re.search(r"A step of dynamics of one molecule takes [0-9.]+ ms \(", made.report.read_text())
    steps = made.results.step_seconds("glycine", "fake")
    assert [point.n_train for point in steps] == [10, 20]


def test_table_has_a_line_for_each_size(made: StudyResult) -> None:
    assert terminal_table(made.results, "glycine").row_count == 2


def test_a_study_on_a_test_file(tmp_path: Path) -> None:
    entry = DatasetEntry(path=Path("Glycine.xyz"), test_file=Path("test.xyz"))
    made = run_study(StudyPlan(datasets=(entry,), models=("fake",), sizes=(10,), seeds=(0,)), tmp_path)
    assert {row.n_test for row in made.results.rows} == {12}
    assert "the 12 frames of test.xyz" in made.report.read_text()


def test_names_cannot_break_markdown() -> None:
    assert markdown("a|b\n`c` <b> _d_ e_f") == "a\\|b \\`c\\` &lt;b&gt; \\_d\\_ e_f"


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no study\.json"):
        write_study(tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(SettingsError, match=r"study\.json is damaged \(.+\): delete it"):
        write_study(tmp_path)


def command(tmp_path: Path, *more: str) -> list[str]:
    base = ["Glycine.xyz", "--jobs", "1", "--models", "fake", "--sizes", "10,20", "--seeds", "2"]
    return [*base, "--out", str(tmp_path / "out"), *more]


def invoke(arguments: list[str]) -> Any:
    import typer

    from supple.cli.study import study

    app = typer.Typer()
    app.command()(study)
    return CliRunner().invoke(app, arguments)


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    result = invoke(command(tmp_path, "--json", "--set", "fake.error=0.2"))
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert len(said["rows"]) == 32
    assert Path(said["report"]).exists()


def test_the_command_ends_with_the_next_one(tmp_path: Path) -> None:
    result = invoke(command(tmp_path))
    assert result.exit_code == 0
    assert "report.md" in result.stdout
    assert "supple evaluate" in result.stdout.splitlines()[-1]


def test_the_command_says_how_to_go_on_when_it_is_stopped(tmp_path: Path) -> None:
    trouble = ["--set", "fake.trouble_at=20", "--set", "fake.trouble=interrupt"]
    result = invoke(command(tmp_path, *trouble))
    assert result.exit_code == 130
    assert "Interrupted. Run the command again to resume." in result.stderr


@pytest.mark.parametrize("bad", [["--sizes", "many"], ["--set", "error=1"], ["--test-file", "a", "--test-file", "b"]])
def test_the_command_refuses_in_a_sentence(tmp_path: Path, bad: list[str]) -> None:
    result = invoke(command(tmp_path, *bad))
    assert isinstance(result.exception, SettingsError)


def test_methods_say_for_which_data_settings_were_not_the_defaults(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_study(plan(sizes=(10,), seeds=(0,), settings={"fake": {"error": 2.0}}), out, backend=LocalBackend(jobs=1))
    said = "Settings of fake other than the defaults: error 2.0."
    assert said in methods_paragraph(collect(out))
    run_study(plan("test.xyz", sizes=(4,), seeds=(0,), valid=2, test=2), out, backend=LocalBackend(jobs=1))
    paragraph = methods_paragraph(collect(out))
    assert f"For glycine: {said}" in paragraph
    assert not any(sentence.startswith("For test") for sentence in paragraph)
