"""Put several evaluations of one protocol into one table."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lgtsm.document import Block, Heading, Text
from lgtsm.evaluation.ledger import differing_keys
from lgtsm.evaluation.legend import COSTS, legend
from lgtsm.evaluation.report import AVERAGED, SCHEMA, how_to_read, methods_table, protocol_blocks
from lgtsm.evaluation.summary import PER_VIDEO, differences, read_per_video
from lgtsm.evaluation.table_files import write_document, write_scores
from lgtsm.evaluation.tables import differences_table, efficiency_table, paper_table
from lgtsm.regular_file import check_folder


def compare(runs: Sequence[str | Path], against: str | None = None) -> tuple[list[Block], dict[str, Any]]:
    """Put the methods of several evaluations into one table, with their differences from one of them.

    A method that two evaluations share (same filler or same weights) appears once; different methods of one name get
    the folder's name appended.

    Args:
        runs: folders written by `lgtsm evaluate`.
        against: method to compare the others with, clip by clip; None takes the first.

    Returns:
        the document, and the same as plain values: "protocol", "runs", "against", "scores", "differences".

    Raises:
        FileNotFoundError: a folder has no evaluation.
        ValueError: the evaluations differ in protocol, videos or masks.
    """
    documents = {Path(run): _read(Path(run)) for run in runs}
    first, document = next(iter(documents.items()))
    scores: dict[str, Any] = {}
    identities: dict[str, Any] = {}
    efficiency: dict[str, Any] = {}
    records: dict[str, list[dict[str, Any]]] = {}
    all_names: dict[str, None] = {}
    for run, other in documents.items():
        if differ := differing_keys(document["protocol"], other["protocol"]):
            raise ValueError(
                f"{first} and {run} cannot be compared: their protocols differ in {', '.join(differ)}. Rescore one."
            )
        all_names |= dict.fromkeys(other["metrics"])
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
    protocol, names, found = document["protocol"], list(all_names), {}
    for title, own in records.items():
        _check_holes(against, records[against], title, own)
        if title != against:
            found[title] = differences(own, records[against], names)
    blocks: list[Block] = [Heading(f"Comparison: {protocol['name']}", 1), *protocol_blocks(protocol)]
    blocks += [methods_table(identities), Text(how_to_read(protocol["videos"]))]
    blocks.append(paper_table(scores, names, protocol["kinds"]))
    if found:
        explained = (
            f"Each method's score minus that of {against}, clip by clip, averaged. Bold: the 95 % interval over videos "
            "leaves out 0. Video FID is missing, because single clips have none."
        )
        blocks += [Heading(f"Differences from {against}"), Text(explained)]
        blocks.append(differences_table(found, names, protocol["kinds"]))
    blocks += [Heading("What the scores mean"), Text(AVERAGED), legend(names)]
    costs = "Each evaluation measured its own machine. Compare only numbers of one machine and device."
    blocks += [Heading("Cost"), efficiency_table(efficiency), Text(costs), COSTS]
    runs = [str(run) for run in documents]
    return blocks, {"protocol": protocol, "runs": runs, "against": against, "scores": scores, "differences": found}


def write_comparison(folder: str | Path, blocks: Sequence[Block], plain: Mapping[str, Any]) -> None:
    """Write what `compare` returns: comparison.md, .html, .tex and .csv.

    Args:
        folder: of the files.
        blocks: the document.
        plain: the same as plain values.
    """
    write_document(folder, "comparison", blocks)
    write_scores(Path(folder, "comparison.csv"), plain["scores"], plain["differences"], plain["against"])


def _read(run: Path) -> dict[str, Any]:
    path = run / "metrics.json"
    if os.path.lexists(run):
        check_folder(run, "a folder with a finished `lgtsm evaluate`")
    if not path.is_file():
        raise FileNotFoundError(f"{run} has no metrics.json. Name a folder with a finished `lgtsm evaluate`.")
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("schema") != SCHEMA:
        raise ValueError(
            f"{path} must have the schema {SCHEMA!r}; it has {document.get('schema')!r}. Run `lgtsm evaluate` again."
        )
    return document


def _check_holes(against: str, theirs: list[dict[str, Any]], title: str, own: list[dict[str, Any]]) -> None:
    """Refuse scores with different holes: OpenCV's versions draw them a little differently."""
    holes = [{(r["video"], r["kind"], r["center"]): r["hole_sha256"] for r in records} for records in (theirs, own)]
    if any(holes[0].get(key) and value and holes[0][key] != value for key, value in holes[1].items()):
        raise ValueError(
            f"{against} and {title} were scored with different masks of the same names, perhaps drawn by different "
            "versions of OpenCV. Evaluate both again on one machine."
        )
