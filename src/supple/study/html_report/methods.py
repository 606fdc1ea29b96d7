"""A methods paragraph, ready for a paper, and the papers to cite."""

from __future__ import annotations

from supple.models.citations import Citation
from supple.models.registry import MODELS, all_citations, settings_class
from supple.study.model_name import kind_of
from supple.study.model_style import display_name
from supple.study.plan import StudyPlan
from supple.study.report_sentences import published_sources
from supple.study.results import Results
from supple.study.study_file import DatasetRecord, StudyRecord


def methods_paragraph(results: Results) -> list[str]:
    """How the study was done, in sentences."""
    record = results.record
    models = " and ".join(display_name(model) for model in record.models)
    return [
        f"Force fields ({models}) were trained with Supple {record.versions.get('supple', '')}.",
        *(_data(name, data, record) for name, data in record.datasets.items()),
        *_deviations(record),
        "Energies are per molecule, forces per Cartesian component; values are medians over the seeds. Intervals of test errors "
        "are 95 % percentile bootstrap intervals over frames. Learning curves were fitted as power laws by least squares in "
        "logarithms; intervals of the number of reference calculations are from Fieller's theorem (90 %). No test frame equals "
        "a training or validation frame.",
    ]


def _data(name: str, data: DatasetRecord, record: StudyRecord) -> str:
    cells = record.cells_of(name)
    sizes, seeds = sorted({cell.n_train for cell in cells}), {cell.seed for cell in cells}
    test = f"the {data.n_test} frames of {data.test_file}" if data.test_file else f"{data.n_test} test frames"
    return (
        f"{name} ({data.formula}, {data.n_frames} frames, SHA-256 {data.sha256[:12]}): nested training sets of "
        f"{', '.join(map(str, sizes))} frames, drawn with {len(seeds)} seed{'s' if len(seeds) > 1 else ''}; "
        f"{data.n_valid} validation frames; errors on {test}."
    )


def _deviations(record: StudyRecord) -> list[str]:
    """What differed from the defaults, and for which datasets, where not for all: according to the last plan of each."""
    datasets: dict[tuple[str, ...], list[str]] = {}
    for name in record.datasets:
        plans = [plan for plan in record.plans if name in {entry.name for entry in plan.datasets}]
        for plan in plans[-1:]:
            datasets.setdefault(tuple(_deviations_of(plan)), []).append(name)
    if len(datasets) == 1:
        return [sentence for sentences in datasets for sentence in sentences]
    return [f"For {', '.join(names)}: {sentence}" for sentences, names in datasets.items() for sentence in sentences]


def _deviations_of(plan: StudyPlan) -> list[str]:
    sentences = []
    if plan.select != "random":
        sentences.append(f"Training frames were selected by '{plan.select}'.")
    if plan.blocks:
        sentences.append(f"Validation and test frames are whole time blocks, of {plan.blocks} in a file.")
    for kind, settings in plan.settings.items():
        listed = ", ".join(f"{key} {value}" for key, value in settings.items())
        sentences.append(f"Settings of {display_name(kind)} other than the defaults: {listed}.")
    return sentences


def citations(results: Results) -> list[Citation]:
    """The papers behind the models of the study, and behind data that were recognised."""
    models = [
        kind for kind in map(kind_of, results.record.models) if kind in MODELS
    ]  # a plugin may have been uninstalled since
    found = [citation for model in models for citation in settings_class(model).citations]
    dois = {source.doi for source in published_sources(results, *results.record.datasets)}
    found += [citation for citation in all_citations() if citation.doi in dois]
    return list(dict.fromkeys(found))
