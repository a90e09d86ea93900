"""Score every method on every unit that is not in the ledger yet."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from lgtsm.evaluation.ledger import Ledger
from lgtsm.evaluation.methods import Method
from lgtsm.evaluation.processes import Processes
from lgtsm.evaluation.protocol import Protocol, Unit
from lgtsm.evaluation.shown import save_shown
from lgtsm.metrics.video_fid import VideoFID
from lgtsm.metrics.warping_error import WarpingError
from lgtsm.video.errors import VideoError

TRUTH = "truth"  # the method name under which the ledger keeps vectors and warping errors of the true videos


def score_units(
    protocol: Protocol,
    methods: Sequence[Method],
    metrics: dict[str, Metric],
    folder: str | Path,
    shown: frozenset[str] = frozenset(),
    processes: Processes = Processes(),  # noqa: B008 - frozen
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Score this process's units and add a line for each (method, unit) to the folder's ledger.

    Args:
        protocol: clips to score.
        methods: fill the holes.
        metrics: by name; each has `score` or is a `VideoFID`.
        folder: of the evaluation.
        shown: keys of units to keep for pictures.
        processes: that share the units.
        device: where to compute.
        progress: called with (units done, all units).
    """
    ledger, units = Ledger(folder, processes.rank), protocol.units()[processes.rank :: processes.world_size]
    for done, unit in enumerate(units, 1):
        todo = [method for method in methods if (method.name, unit.key) not in ledger.done]
        if todo:
            try:
                video, hole = (part.to(device) for part in protocol.read(unit))
            except VideoError as error:
                for method in todo:
                    ledger.append({"method": method.name, **_about(unit), "problem": str(error)})
            else:
                kept = folder if unit.key in shown else None
                if kept is not None:
                    save_shown(kept, unit, None, video, hole)
                _note_truth(ledger, unit, video, metrics)
                for method in todo:
                    ledger.append(
                        {"method": method.name, **_score(method, unit, video, hole, metrics, kept, protocol.eight_bit)}
                    )
        if progress is not None:
            progress(done, len(units))


def _score(
    method: Method,
    unit: Unit,
    video: Tensor,
    hole: Tensor,
    metrics: dict[str, Metric],
    kept: str | Path | None,
    eight_bit: bool,
) -> dict[str, Any]:
    about = {
        **_about(unit),
        "frames": video.shape[1],
        "share": round(float(hole.double().mean()), 6),
        "hole_sha256": hashlib.sha256((hole > 0.5).cpu().numpy().tobytes()).hexdigest()[:16],
    }
    try:
        filled, changed, largest = method.fill(unit, video, hole)
    except ValueError as error:
        return about | {"problem": str(error)}
    if eight_bit:
        filled = filled.clamp(0, 1).mul(255).round() / 255
    if kept is not None:
        save_shown(kept, unit, method.name, filled, hole)
    scores: dict[str, Any] = {}
    vectors: dict[str, Any] = {}
    unavailable: dict[str, str] = {}
    each: list[Any] = list(metrics.values())
    for metric in each:
        try:
            if isinstance(metric, VideoFID):
                vectors[metric.name] = _pack(metric.look(filled))
                continue
            values, counted = metric.score(filled, video, hole)
        except ValueError as error:
            unavailable |= dict.fromkeys(metric.names, str(error))
            continue
        scores |= {key: _plain(values[key]) if bool(counted[key]) else None for key in values}
    known = {"changed": changed, "largest": largest}
    return about | {"scores": scores, "vectors": vectors, "unavailable": unavailable, "known": known}


def _note_truth(ledger: Ledger, unit: Unit, video: Tensor, metrics: dict[str, Metric]) -> None:
    """Keep the true video's vectors for video FID and its own warping error over the frame, once a video."""
    if (TRUTH, unit.name) in ledger.done:
        return
    vectors, scores = {}, {}
    for metric in metrics.values():
        with suppress(ValueError):  # the clip is too small; each method's line says so
            if isinstance(metric, VideoFID):
                vectors[metric.name] = _pack(metric.look(video))
            elif isinstance(metric, WarpingError):
                values, counted = metric.score(video, video, torch.ones_like(video[:, :, :1]))
                over_frame = metric.names[0]
                scores[over_frame] = _plain(values[over_frame]) if counted[over_frame] else None
    if vectors or scores:
        about = {"method": TRUTH, "unit": unit.name, "frames": video.shape[1]}
        ledger.append(about | {"vectors": vectors, "scores": scores})


def _about(unit: Unit) -> dict[str, Any]:
    return {"unit": unit.key, "video": unit.name, "kind": unit.kind, "center": unit.center}


def _plain(value: Tensor) -> float | str:
    """Return a number that JSON can hold; one that is not finite stays visible."""
    number = float(value)
    return number if math.isfinite(number) else "nan"


def _pack(vectors: Tensor) -> str:
    """Return (1, features) as text, float32, bit for bit."""
    return base64.b64encode(vectors[0].float().cpu().numpy().astype("<f4").tobytes()).decode()


def unpack(text: str) -> Tensor:
    """Return (1, features) from a ledger's text."""
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), "<f4").copy())[None]
