"""A whole evaluation: claim the folder, score in one or more processes, report."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torchmetrics import Metric

from lgtsm.evaluation.columns import MEAN_OF_BINS
from lgtsm.evaluation.efficiency import measure_efficiency, unmeasured
from lgtsm.evaluation.ledger import claim
from lgtsm.evaluation.methods import Method
from lgtsm.evaluation.processes import Processes
from lgtsm.evaluation.protocol import Protocol, Unit
from lgtsm.evaluation.report import write_evaluation
from lgtsm.evaluation.score import score_units
from lgtsm.evaluation.summary import mean_of_bins, read_records, summarize, truth_scores, video_fids
from lgtsm.metrics.video_fid import VideoFID
from lgtsm.surroundings import surroundings
from lgtsm.video.errors import VideoError
from lgtsm.whole_files import write_json

EFFICIENCY = "efficiency.json"


def evaluate(
    protocol: Protocol,
    methods: Sequence[Method],
    metrics: dict[str, Metric],
    unavailable: dict[str, tuple[str, str]],
    folder: str | Path,
    num_pictures: int = 3,
    bootstrap_seed: int = 0,
    device: str = "cpu",
    processes: Processes = Processes(),  # noqa: B008 - frozen
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any] | None:
    """Score everything that is missing in this folder, and write the report.

    Args:
        protocol: clips to score.
        methods: fill the holes.
        metrics: by name.
        unavailable: name of a metric that cannot run -> the reason, in a few words and in a sentence.
        folder: of the evaluation; processes share it.
        num_pictures: units shown as frames and slices.
        bootstrap_seed: of the intervals.
        device: where to compute.
        processes: that share the work.
        progress: called with (units done, all units).

    Returns:
        content of metrics.json without its schema: "protocol", "deterministic", "surroundings", "device", "threads",
        "methods" (name -> identity), "metrics" (score -> why it is unavailable, or None), "unavailable" (the same in
        sentences), "efficiency" (see `lgtsm.evaluation.efficiency`, with the "clip" it was measured on), "truth"
        (scores of the true videos themselves), "published" (rows of other people's results) and "scores" (method ->
        group -> score -> value, see `lgtsm.evaluation.summary.summarize`; groups are all, each kind, each kind/bin).
        None in all processes but the first.

    Raises:
        ValueError: the folder holds another evaluation.
    """
    folder = Path(folder)
    identities = {method.name: method.identity for method in methods}
    about = protocol.describe()
    named: list[Any] = list(metrics.values())
    if processes.rank == 0:
        all_names = sorted(name for metric in named for name in metric.names)
        claim(folder, about | {"metrics": all_names, "unavailable": sorted(unavailable)}, identities)
    processes.barrier()
    shown = choose_shown(protocol, num_pictures)
    score_units(protocol, methods, metrics, folder, frozenset(shown), processes, device, progress)
    processes.barrier()
    if processes.rank != 0:
        return None
    names = [name for metric in named if not isinstance(metric, VideoFID) for name in metric.names]
    records = read_records(folder, list(identities))
    scores = summarize(records, names, bootstrap_seed)
    distances = {
        metric.name: video_fids(folder, metric, records) for metric in metrics.values() if isinstance(metric, VideoFID)
    }
    means = {name + MEAN_OF_BINS: mean_of_bins(found) for name, found in distances.items()} if about["centers"] else {}
    for method, groups in scores.items():
        for group, values in groups.items():
            values |= {name: found[method][group] for name, found in distances.items()}
            values |= {name: found[method][group] for name, found in means.items() if group in found[method]}
            values |= {name: {"unavailable": why} for name, (why, _) in unavailable.items()}
    document = {
        "protocol": about,
        "deterministic": _seed_line(about, bootstrap_seed),
        "surroundings": surroundings(),
        "device": device,
        "threads": torch.get_num_threads(),
        "methods": identities,
        "metrics": dict.fromkeys([*names, *means, *distances]) | {name: why for name, (why, _) in unavailable.items()},
        "unavailable": {name: sentence for name, (_, sentence) in unavailable.items()},
        "efficiency": _efficiency(folder, protocol, methods, device),
        "truth": truth_scores(folder, bootstrap_seed),
        "published": [dict(row) for row in protocol.published],
        "scores": scores,
    }
    write_evaluation(folder, document, records, names, shown)
    return document


def choose_shown(protocol: Protocol, count: int) -> list[str]:
    """Choose units for pictures: a new video and kind each time, bins around the middle one."""
    names, kinds, centers = protocol.video_names, protocol.kinds, protocol.centers
    found: dict[str, None] = {}
    for number in range(count):
        video, center = number % len(names), centers[(len(centers) // 2 + number - 1) % len(centers)]
        found[Unit(video, names[video], kinds[number % len(kinds)], center).key] = None
    return list(found)


def _seed_line(about: dict[str, Any], bootstrap_seed: int) -> str:
    import cv2

    drawn = f"drawn from seed {about['seed']} with OpenCV {cv2.__version__}"
    return (
        f"Deterministic: masks {drawn if about['masks'] == 'drawn' else 'stored'}, one hole per "
        f"{'(kind, bin, video)' if about['centers'] else 'video'}; bootstrap seed {bootstrap_seed}. The same software, "
        "device and number of threads give the same scores bit for bit, in one process or several."
    )


def _efficiency(folder: Path, protocol: Protocol, methods: Sequence[Method], device: str) -> dict[str, Any]:
    """Measure each method once for each folder, on a clip of the middle bin."""
    path = folder / EFFICIENCY
    kept: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    left = [method for method in methods if method.name not in kept]
    middle = protocol.centers[len(protocol.centers) // 2]
    for unit in (unit for unit in protocol.units() if unit.center == middle and left):
        try:
            video, hole = (part.to(device) for part in protocol.read(unit))
        except VideoError:
            continue
        hidden = torch.where(hole > 0.5, 0.5, video)
        kept |= {method.name: {"clip": unit.key, **measure_efficiency(method.module, hidden, hole)} for method in left}
        write_json(path, kept)
        break
    return {method.name: kept.get(method.name) or unmeasured("no clip") for method in methods}
