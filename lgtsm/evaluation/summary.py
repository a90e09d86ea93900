"""From the ledger's lines to means: of everything, of each kind, of each bin, with intervals."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from lgtsm.evaluation.intervals import interval
from lgtsm.evaluation.ledger import read_ledger
from lgtsm.evaluation.score import TRUTH, unpack
from lgtsm.metrics.video_fid import VideoFID
from lgtsm.whole_files import whole_file

ALL = "all"
PER_VIDEO = "per_video.csv"
FACTS = ("method", "video", "kind", "center", "frames", "share", "hole_sha256")


def read_records(folder: str | Path, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Return the lines of these methods without the networks' vectors, in an order that no process decides."""
    records = (
        {key: value for key, value in record.items() if key != "vectors"}
        for record in read_ledger(folder)
        if record["method"] in methods
    )
    return sorted(records, key=lambda r: (methods.index(r["method"]), r["video"], r["kind"], r["center"]))


def groups_of(record: dict[str, Any]) -> tuple[str, ...]:
    """Return the groups that a record counts in: everything, its kind, its kind and bin if there are bins."""
    kind, center = record["kind"], record["center"]
    return (ALL, kind) if center is None else (ALL, kind, f"{kind}/{center}")


def summarize(
    records: Sequence[dict[str, Any]], names: Sequence[str], seed: int = 0
) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Average each score over frames in every group, with intervals over videos.

    Args:
        records: of `read_records`.
        names: of scores.
        seed: of the bootstrap.

    Returns:
        method -> group -> score -> {"mean", "low", "high", "videos", "clips"}, or {"unavailable": why}: a method that
        lacks a clip of a group has no number there, because it would be of other clips than its neighbors'.
    """
    grouped: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for record in records:
        for group in groups_of(record):
            grouped.setdefault(record["method"], {}).setdefault(group, []).append(record)
    return {
        method: {
            group: {name: _summarize_one(name, members, seed) for name in names} for group, members in groups.items()
        }
        for method, groups in grouped.items()
    }


def _summarize_one(name: str, members: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    problems = [record["problem"] for record in members if "problem" in record]
    if problems:
        return {"unavailable": f"{len(problems)} of {len(members)} clips could not be scored"}
    missing = [record for record in members if name not in record["scores"]]
    if missing:
        return {"unavailable": missing[0]["unavailable"].get(name, "it was not computed")}
    values = [(r["video"], r["scores"][name], r["frames"]) for r in members if r["scores"][name] is not None]
    if not values:
        return {"unavailable": "no clip has it"}
    if any(value == "nan" for _, value, _ in values):
        return {"unavailable": "the method gave values that are not finite"}
    return _mean(values, seed) | {"clips": len(values)}


def _mean(values: Sequence[tuple[str, float, int]], seed: int) -> dict[str, Any]:
    """Average (video, value, frames) over frames."""
    sums: dict[str, float] = {}
    weights: dict[str, float] = {}
    for video, value, frames in values:
        sums[video] = sums.get(video, 0.0) + value * frames
        weights[video] = weights.get(video, 0.0) + frames
    mean, low, high = interval(sums, weights, seed)
    bounds = {"low": low, "high": high} if math.isfinite(low) else {"low": None, "high": None}
    return {"mean": mean, **bounds, "videos": len(sums)}


def differences(
    records: Sequence[dict[str, Any]], against: Sequence[dict[str, Any]], names: Sequence[str], seed: int = 0
) -> dict[str, dict[str, dict[str, Any]]]:
    """Average the differences of one method from another, clip by clip; group -> score -> as in `summarize`."""
    other = {(r["video"], r["kind"], r["center"]): r for r in against}
    pairs: dict[tuple[str, str], list[tuple[str, float, int]]] = {}
    for record in records:
        reference = other.get((record["video"], record["kind"], record["center"]), {})
        for name in names:
            a, b = record.get("scores", {}).get(name), reference.get("scores", {}).get(name)
            if isinstance(a, float | int) and isinstance(b, float | int):
                for group in groups_of(record):
                    pairs.setdefault((group, name), []).append((record["video"], a - b, record["frames"]))
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for (group, name), values in pairs.items():
        found.setdefault(group, {})[name] = _mean(values, seed) | {"clips": len(values)}
    return found


def truth_scores(folder: str | Path, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Return the true videos' own scores, such as their warping error, as in `summarize`, without groups."""
    found: dict[str, list[tuple[str, float, int]]] = {}
    for record in sorted((r for r in read_ledger(folder) if r["method"] == TRUTH), key=lambda r: r["unit"]):
        for name, value in record.get("scores", {}).items():
            if value is not None:
                found.setdefault(name, []).append((record["unit"], float(value), record["frames"]))
    return {name: _mean(values, seed) for name, values in found.items()}


def video_fids(folder: str | Path, method: str, metric: VideoFID, groups: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Compute one video FID of a method in every group, from what the ledger keeps.

    A group of several bins or kinds is one set of clips, and each clip's true video counts as often as it.

    Returns:
        group -> {"mean", "low": None, "high": None, "videos", "clips"} or {"unavailable": why}. There is no interval:
        the distance of resampled sets, which hold videos twice, is off.
    """
    name = metric.name
    truth: dict[str, Tensor] = {}
    looked: list[tuple[dict[str, Any], Tensor | None]] = []
    for record in read_ledger(folder):
        packed = record.get("vectors", {}).get(name)
        vectors = None if packed is None else unpack(packed)
        if record["method"] == TRUTH and vectors is not None:
            truth[record["unit"]] = vectors
        elif record["method"] == method:
            looked.append(({key: value for key, value in record.items() if key != "vectors"}, vectors))
    looked.sort(key=lambda one: one[0]["unit"])  # an order that no process decides
    found = {}
    for group in groups:
        metric.reset()
        videos, clips, why = set(), 0, None
        for record, vectors in looked:
            if group not in groups_of(record):
                continue
            true = truth.get(record["video"])
            if vectors is None or true is None:
                missing = "a clip could not be scored" if "problem" in record else "a clip has not been looked at"
                why = record.get("unavailable", {}).get(name, missing)
                break
            metric.update_vectors(vectors, true)
            videos.add(record["video"])
            clips += 1
        if why is None and len(videos) < 2:
            why = "it needs at least two videos"
        if why is not None:
            found[group] = {"unavailable": why}
        else:
            value = float(metric.distance())  # not compute, which would wait for other processes
            found[group] = {"mean": value, "low": None, "high": None, "videos": len(videos), "clips": clips}
    metric.reset()
    return found


def write_per_video(path: str | Path, records: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Write a csv with a line for each method and clip, numbers to their last digit."""
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*FACTS, *names, "known_changed", "known_largest", "problem"])
        for record in records:
            scores, known = record.get("scores", {}), record.get("known", {})
            facts = [record.get(key, "") for key in FACTS]
            values = ["" if scores.get(name) is None else scores[name] for name in names]
            writer.writerow(
                [*facts, *values, known.get("changed", ""), known.get("largest", ""), record.get("problem", "")]
            )


def read_per_video(path: str | Path) -> list[dict[str, Any]]:
    """Return the records of `write_per_video`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no {path}. Name a folder that `lgtsm evaluate protocol=...` has finished.")
    after = {"known_changed", "known_largest", "problem"}
    records = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            record: dict[str, Any] = {key: row[key] for key in FACTS}
            record |= {"center": int(row["center"]) if row["center"] else None, "frames": int(row["frames"] or 0)}
            if row["problem"]:
                record["problem"] = row["problem"]
            else:
                names = [key for key in row if key not in FACTS and key not in after]
                record["scores"] = {
                    n: None if row[n] == "" else "nan" if row[n] == "nan" else float(row[n]) for n in names
                }
                record["unavailable"] = {}
            records.append(record)
    return records
