"""Tables of reports and comparisons, like the paper's Table 1: scores x kinds, one column for each method."""

from __future__ import annotations

from typing import Any

from lgtsm.document import Table
from lgtsm.evaluation.columns import best_of, cell, column
from lgtsm.evaluation.summary import ALL

Scores = dict[str, dict[str, dict[str, dict[str, Any]]]]


def paper_table(scores: Scores, names: list[str], kinds: list[str]) -> Table:
    """Return a row for each score and kind of hole (and all kinds), a column for each method, best in bold.

    Args:
        scores: method -> group -> score -> value, see `lgtsm.evaluation.summary.summarize`.
        names: of scores, in order.
        kinds: of holes.
    """
    rows = []
    for name in names:
        groups = _groups(kinds)
        values = [scores[method].get(group, {}).get(name, {}) for method in scores for group in groups]
        if all("mean" not in value for value in values):
            groups = groups[-1:]  # one row is enough to give the reason
        rows += [[*_labels(name, group), *_cells(scores, name, group)] for group in groups]
    return Table(["score", "hole", *scores], rows)


def bins_table(scores: Scores, name: str, kinds: list[str], centers: list[int]) -> Table:
    """Return one score: a row for each kind and bin, a column for each method."""
    rows = [
        [kind, f"{center - 5}–{center + 5} %", *_cells(scores, name, f"{kind}/{center}")]
        for kind in kinds
        for center in centers
    ]
    return Table(["hole", "hole share", *scores], rows)


def differences_table(
    found: dict[str, dict[str, dict[str, dict[str, Any]]]], names: list[str], kinds: list[str]
) -> Table:
    """Return the differences of each method from a common one; bold where the interval leaves out 0.

    Args:
        found: method -> group -> score -> value, see `lgtsm.evaluation.summary.differences`.
        names: of scores.
        kinds: of holes.
    """
    rows = []
    for name in names:
        for group in _groups(kinds):
            values = [found[method].get(group, {}).get(name) for method in found]
            if any(values):
                rows.append([*_labels(name, group), *(cell(name, value, bold=_is_clear(value)) for value in values)])
    return Table(["score", "hole", *found], rows)


def efficiency_table(efficiency: dict[str, dict[str, Any]]) -> Table:
    """Return a row for each method: parameters, operations, speed, memory."""
    forms = {
        "parameters": ("parameters", "{:,}"),
        "gflop_per_frame": ("GFLOP a frame", "{:.2f}"),
        "frames_per_second": ("frames/s", "{:.1f}"),
        "peak_memory_mib": ("peak memory (MiB)", "{:.0f}"),
    }
    rows = []
    for method, values in efficiency.items():
        cells = [v if isinstance(v := values[key], str) else form.format(v) for key, (_, form) in forms.items()]
        if runs := values.get("frames_per_second_runs"):
            cells[2] += f" ({min(runs):.1f}-{max(runs):.1f})"
        rows.append([method, *cells])
    return Table(["method", *(title for title, _ in forms.values())], rows)


def title(name: str) -> str:
    """Return a score's title with an arrow to the better side."""
    return f"{column(name).title} {'↑' if column(name).greater_is_better else '↓'}"


def _groups(kinds: list[str]) -> list[str]:
    return [*kinds, ALL] if len(kinds) > 1 else list(kinds)


def _labels(name: str, group: str) -> list[str]:
    return [title(name), "all kinds" if group == ALL else group]


def _cells(scores: Scores, name: str, group: str) -> list[str]:
    values = {method: scores[method].get(group, {}).get(name) for method in scores}
    best = best_of(name, values)
    return [cell(name, value, method in best) for method, value in values.items()]


def _is_clear(value: dict[str, Any] | None) -> bool:
    return value is not None and value.get("low") is not None and (value["low"] > 0 or value["high"] < 0)
