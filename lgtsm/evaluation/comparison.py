"""Several evaluations of one protocol in one table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lgtsm.document import Block, Heading, Text
from lgtsm.evaluation.report import SCHEMA, how_to_read, methods_table, protocol_blocks
from lgtsm.evaluation.summary import PER_VIDEO, differences, read_per_video
from lgtsm.evaluation.tables import differences_table, efficiency_table, paper_table


def compare(runs: Sequence[str | Path], against: str | None = None) -> tuple[list[Block], dict[str, Any]]:
    """Put the methods of several evaluations into one table, and their differences from one of them.

    A method that two evaluations share (the same filler, the same weights) appears once; two methods of one name get
    their folders' names behind theirs.

    Args:
        runs: folders that `lgtsm evaluate protocol=...` has written.
        against: the method that the others are compared with, clip by clip; None takes the first.

    Returns:
        the document, and the same as plain values: "protocol", "runs", "against", "scores", "differences".

    Raises:
        FileNotFoundError: a folder has no evaluation.
        ValueError: the evaluations are of different protocols, videos or masks.
    """
    documents = {Path(run): _read(Path(run)) for run in runs}
    first, document = next(iter(documents.items()))
    scores: dict[str, Any] = {}
    identities: dict[str, Any] = {}
    efficiency: dict[str, Any] = {}
    records: dict[str, list[dict[str, Any]]] = {}
    names: dict[str, None] = {}
    for run, other in documents.items():
        _check_same(first, document, run, other)
        names |= dict.fromkeys(other["metrics"])
        clips = read_per_video(run / PER_VIDEO)
        for method, identity in other["methods"].items():
            if identities.get(method) == identity:
                continue
            title = method if method not in identities else f"{method} ({run.name})"
            if title in identities:
                raise ValueError(f"Two methods would be called {title!r}. Rename one of the folders {first} and {run}.")
            identities[title], scores[title] = identity, other["scores"][method]
            efficiency[title] = other["efficiency"][method]
            records[title] = [record for record in clips if record["method"] == method]
    against = against if against is not None else next(iter(scores))
    if against not in scores:
        raise ValueError(f"against must be one of {', '.join(scores)}; got {against!r}.")
    for title in records:
        _check_holes(against, records[against], title, records[title])
    found = {
        title: differences(own, records[against], list(names)) for title, own in records.items() if title != against
    }
    kinds = document["protocol"]["kinds"]
    blocks: list[Block] = [
        Heading(f"Comparison: {document['protocol']['name']}", 1),
        *protocol_blocks(document["protocol"]),
        methods_table(identities),
        Text(how_to_read(document["protocol"]["videos"])),
        paper_table(scores, list(names), kinds),
    ]
    if found:
        blocks += [
            Heading(f"Differences from {against}"),
            Text(
                f"A method's score minus that of {against}, clip by clip, averaged. Bold: the 95 % interval over "
                "videos leaves out 0. Video FID is missing: single clips have none."
            ),
            differences_table(found, list(names), kinds),
        ]
    costs = "Each evaluation measured its own machine. Compare only numbers of one machine and device."
    blocks += [Heading("Cost"), efficiency_table(efficiency), Text(costs)]
    plain = {
        "protocol": document["protocol"],
        "runs": [str(run) for run in documents],
        "against": against,
        "scores": scores,
        "differences": found,
    }
    return blocks, plain


def _read(run: Path) -> dict[str, Any]:
    path = run / "metrics.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{run} has no metrics.json. Name a folder that `lgtsm evaluate protocol=...` has finished."
        )
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("schema") != SCHEMA:
        raise ValueError(
            f"{path} has the schema {document.get('schema')!r}; expected {SCHEMA!r}, which `lgtsm evaluate "
            "protocol=paper_fvi` and the like write. Evaluate again."
        )
    return document


def _check_same(first: Path, a: dict[str, Any], run: Path, b: dict[str, Any]) -> None:
    differ = sorted(key for key in {*a["protocol"], *b["protocol"]} if a["protocol"].get(key) != b["protocol"].get(key))
    if differ:
        raise ValueError(
            f"{first} and {run} cannot be compared: their protocols differ in {', '.join(differ)}. Evaluate both alike."
        )


def _check_holes(against: str, theirs: list[dict[str, Any]], title: str, own: list[dict[str, Any]]) -> None:
    """Refuse scores of other holes: another version of OpenCV draws them a little differently."""
    holes = [{(r["video"], r["kind"], r["center"]): r["hole_sha256"] for r in records} for records in (theirs, own)]
    if any(holes[0].get(key) and value and holes[0][key] != value for key, value in holes[1].items()):
        raise ValueError(
            f"{against} and {title} were scored with other masks under the same names (another version of OpenCV?). "
            "Evaluate them again on one machine."
        )
