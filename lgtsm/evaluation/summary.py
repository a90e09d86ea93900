"""Means of the ledger's scores: over everything, each kind and each bin, with intervals."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from lgtsm.counted import counted
from lgtsm.evaluation.intervals import interval
from lgtsm.evaluation.ledger import key_of, read_ledger
from lgtsm.evaluation.score import TRUTH, unpack
from lgtsm.metrics.video_fid import VideoFID
from lgtsm.whole_files import whole_file

ALL = "all"
PER_VIDEO = "per_video.csv"
FACTS = ("method", "video", "kind", "center", "frames", "share", "hole_sha256")  # columns before the scores
AFTER = ("known_changed", "known_largest", "problem")  # and after them


def read_records(folder: str | Path, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Return the lines of these methods without vectors, in the same order for any number of processes."""
    records = (
        {key: value for key, value in record.items() if key != "vectors"}
        for record in read_ledger(folder)
        if record["method"] in methods
    )
    return sorted(records, key=lambda r: (methods.index(r["method"]), r["video"], r["kind"], r["center"]))


def groups_of(record: dict[str, Any]) -> tuple[str, ...]:
    """Return the groups of a record: everything, its kind, and with bins its kind and bin."""
    kind, center = record["kind"], record["center"]
    return (ALL, kind) if center is None else (ALL, kind, f"{kind}/{center}")


def summarize(
    records: Sequence[dict[str, Any]], names: Sequence[str], seed: int = 0
) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Average each score over frames in every group, with intervals over videos.

    Args:
        records: from `read_records`.
        names: of scores.
        seed: of the bootstrap.

    Returns:
        method -> group -> score -> {"mean", "low", "high", "videos", "clips"}, or {"unavailable": why}: a method that
        lacks a clip of a group gets no number there, because it would not compare with the other methods'.
    """
    return _map_groups(records, lambda members: {name: _summarize_one(name, members, seed) for name in names})


def _map_groups(
    records: Sequence[dict[str, Any]], function: Callable[[list[dict[str, Any]]], dict[str, Any]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return method -> group -> function(its records)."""
    grouped: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for record in records:
        for group in groups_of(record):
            grouped.setdefault(record["method"], {}).setdefault(group, []).append(record)
    return {
        method: {group: function(members) for group, members in groups.items()} for method, groups in grouped.items()
    }


def _summarize_one(name: str, members: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    failed = [record["unit"] for record in members if "problem" in record]
    if failed:
        some = failed[0] if len(failed) == 1 else f"such as {failed[0]}"
        return {"unavailable": f"{len(failed)} of {counted(len(members), 'clip')} could not be scored: {some}"}
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
    """Average the differences of one method from another, clip by clip: group -> score -> as in `summarize`."""
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
    """Return the true videos' own scores, such as their warping error: score -> as in `summarize`."""
    found: dict[str, list[tuple[str, float, int]]] = {}
    for record in sorted((r for r in read_ledger(folder) if r["method"] == TRUTH), key=lambda r: r["unit"]):
        for name, value in record.get("scores", {}).items():
            if value is not None:
                found.setdefault(name, []).append((record["unit"], float(value), record["frames"]))
    return {name: _mean(values, seed) for name, values in found.items()}


def video_fids(
    folder: str | Path, metric: VideoFID, records: Sequence[dict[str, Any]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Compute one video FID of every method in every group, from the ledger's vectors.

    A group of several bins or kinds is one set of clips, in which each clip brings its true video along.

    Args:
        folder: of the evaluation.
        metric: computes the distances; it ends empty.
        records: from `read_records`.

    Returns:
        method -> group -> {"mean", "low": None, "high": None, "videos", "clips"} or {"unavailable": why}. There is no
        interval: resampled sets repeat videos, which shifts the distance.
    """
    vectors = {
        key_of(record): unpack(record["vectors"][metric.name])
        for record in read_ledger(folder)
        if metric.name in record.get("vectors", {})
    }
    found = _map_groups(records, lambda members: _video_fid(metric, members, vectors))
    metric.reset()
    return found


def mean_of_bins(found: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Average the video FIDs of the bins of each kind, and of the kinds, as the paper's Table 1 does.

    A distance of a few clips is larger than that of many, so this is not the distance of all clips together.

    Args:
        found: from `video_fids`.

    Returns:
        method -> kind or all -> as in `video_fids`; no groups where there are no bins.
    """
    means: dict[str, dict[str, dict[str, Any]]] = {}
    for method, groups in found.items():
        kinds: dict[str, list[dict[str, Any]]] = {}
        for group, value in groups.items():
            if "/" in group:
                kinds.setdefault(group.split("/")[0], []).append(value)
        of = {kind: _mean_distance(values) for kind, values in kinds.items()}
        means[method] = {**of, ALL: _mean_distance(list(of.values()))} if of else {}
    return means


def _mean_distance(values: list[dict[str, Any]]) -> dict[str, Any]:
    lacking = next((value for value in values if "mean" not in value), None)
    if lacking is not None:
        return lacking
    mean = sum(value["mean"] for value in values) / len(values)
    videos, clips = max(value["videos"] for value in values), sum(value["clips"] for value in values)
    return {"mean": mean, "low": None, "high": None, "videos": videos, "clips": clips}


def _video_fid(
    metric: VideoFID, members: list[dict[str, Any]], vectors: dict[tuple[str, str], Tensor]
) -> dict[str, Any]:
    metric.reset()
    for record in members:
        filled, true = vectors.get(key_of(record)), vectors.get((TRUTH, record["video"]))
        if filled is None or true is None:
            missing = "a clip could not be scored" if "problem" in record else "a clip has no vector"
            return {"unavailable": record.get("unavailable", {}).get(metric.name, missing)}
        metric.update_vectors(filled.to(metric.device), true.to(metric.device))
    videos = len({record["video"] for record in members})
    if videos < 2:
        return {"unavailable": "it needs at least two videos"}
    value = float(metric.distance())  # not compute, which would wait for other processes
    return {"mean": value, "low": None, "high": None, "videos": videos, "clips": len(members)}


def write_per_video(path: str | Path, records: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Write a csv with a line for each method and clip, numbers in full precision."""
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*FACTS, *names, *AFTER])
        for record in records:
            scores, known = record.get("scores", {}), record.get("known", {})
            values = [*map(record.get, FACTS), *map(scores.get, names)]  # None becomes an empty cell
            writer.writerow([*values, known.get("changed"), known.get("largest"), record.get("problem")])


def read_per_video(path: str | Path) -> list[dict[str, Any]]:
    """Return the records of `write_per_video`.

    Raises:
        FileNotFoundError: the file does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist. Name a folder with a finished `lgtsm evaluate`.")
    records = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            record: dict[str, Any] = {key: row[key] for key in FACTS}
            record |= {"center": int(row["center"]) if row["center"] else None, "frames": int(row["frames"] or 0)}
            if row["problem"]:
                record["problem"] = row["problem"]
            else:
                texts = {name: text for name, text in row.items() if name not in (*FACTS, *AFTER)}
                record["scores"] = {n: t if t == "nan" else float(t) if t else None for n, t in texts.items()}
            records.append(record)
    return records
