"""A paragraph on methods, ready for a paper, and the papers to cite."""

from __future__ import annotations

from supple.models.citations import Citation
from supple.models.registry import all_citations, settings_class
from supple.study.conclusions import published_for
from supple.study.formatting import display_name
from supple.study.plan import StudyPlan
from supple.study.results import Results
from supple.study.study_file import Record


def methods_paragraph(results: Results) -> list[str]:
    """What was done, in sentences."""
    record = results.record
    models = " and ".join(display_name(model) for model in record.models)
    version = record.versions.get("supple", "")
    said = [f"Force fields ({models}) were trained with Supple {version}."]
    for name, data in record.datasets.items():
        cells = record.cells_of(name)
        sizes, seeds = sorted({cell.n_train for cell in cells}), {cell.seed for cell in cells}
        tested = f"the {data.n_test} frames of {data.test_file}" if data.test_file else f"{data.n_test} test frames"
        said.append(
            f"{name} ({data.formula}, {data.n_frames} frames, SHA-256 {data.sha256[:12]}): training sets of "
            f"{', '.join(map(str, sizes))} frames, nested, drawn with {len(seeds)} seed{'s' if len(seeds) > 1 else ''}; "
            f"{data.n_valid} validation frames; errors on {tested}."
        )
    said += _choices(record)
    said.append(
        "Energies are per molecule, forces per Cartesian component; values are medians over the seeds. Intervals of test errors are "
        "95 % percentile bootstrap intervals over frames. Learning curves were fitted as power laws by least squares in logarithms; "
        "intervals of the number of calculations are by Fieller's theorem (90 %). No test frame equals a training or validation frame."
    )
    return said


def _choices(record: Record) -> list[str]:
    """What differed from the defaults, and for which datasets, where not for all: each was last asked for by some plan."""
    whose: dict[tuple[str, ...], list[str]] = {}
    for name in record.datasets:
        asked = [plan for plan in record.plans if name in {entry.name for entry in plan.datasets}]
        for plan in asked[-1:]:
            whose.setdefault(tuple(_choices_of(plan)), []).append(name)
    if len(whose) == 1:
        return [sentence for sentences in whose for sentence in sentences]
    return [f"For {', '.join(names)}: {sentence}" for sentences, names in whose.items() for sentence in sentences]


def _choices_of(plan: StudyPlan) -> list[str]:
    said = []
    if plan.select != "random":
        said.append(f"Training frames were chosen by the selection '{plan.select}'.")
    if plan.blocks:
        said.append(f"Validation and test frames are from whole blocks of time, of {plan.blocks} in a file.")
    for kind, settings in plan.settings.items():
        listed = ", ".join(f"{key} {value}" for key, value in settings.items())
        said.append(f"Settings of {display_name(kind)} other than the defaults: {listed}.")
    return said


def citations(results: Results) -> list[Citation]:
    """The papers behind the models of the study, and of data that were recognised."""
    found = [citation for model in results.record.models for citation in settings_class(model).citations]
    dois = {
        one.source.doi
        for name in results.record.datasets
        for many in published_for(results, name).values()
        for one in many
    }
    found += [citation for citation in all_citations() if citation.doi in dois]
    return list(dict.fromkeys(found))
