"""The files of a report: Markdown and a page to read, LaTeX to put into a paper, and CSV to compute with."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lgtsm.document import Block, to_html, to_latex, to_markdown
from lgtsm.evaluation.columns import column
from lgtsm.whole_files import whole_file, write_text

CSV_COLUMNS = (
    "method", "minus", "score", "better", "kind", "bin", "mean", "low", "high", "videos", "clips", "unavailable",
)  # fmt: skip


def write_document(folder: str | Path, stem: str, blocks: Sequence[Block]) -> None:
    """Write STEM.md, STEM.html and STEM.tex; each appears when it is complete.

    Args:
        folder: also that of the pictures, which the page embeds.
        stem: name of the files without their endings.
        blocks: of the document.
    """
    folder = Path(folder)
    write_text(folder / f"{stem}.md", to_markdown(blocks))
    write_text(folder / f"{stem}.html", to_html(blocks, folder))
    write_text(folder / f"{stem}.tex", to_latex(blocks))


def write_scores(
    path: str | Path,
    scores: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]],
    differences: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]] | None = None,
    against: str = "",
) -> None:
    """Write a CSV file with a line for each method, group of clips and score, numbers in full precision.

    Args:
        path: of the file.
        scores: method -> group -> score -> value, see `lgtsm.evaluation.summary.summarize`.
        differences: the same for differences from one method, see `lgtsm.evaluation.summary.differences`.
        against: that method; the column "minus" names it.
    """
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(CSV_COLUMNS)
        writer.writerows(_lines(scores, ""))
        writer.writerows(_lines(differences or {}, against))


def _lines(found: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]], minus: str) -> Iterator[list[Any]]:
    for method, groups in found.items():
        for group, values in groups.items():
            kind, _, center = group.partition("/")
            for score, value in values.items():
                better = "higher" if column(score).greater_is_better else "lower"
                numbers = [value.get(key) for key in CSV_COLUMNS[6:]]  # None becomes an empty cell
                yield [method, minus, score, better, kind, center, *numbers]
