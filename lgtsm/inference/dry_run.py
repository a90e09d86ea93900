"""Describe the work before doing it."""

from __future__ import annotations

from lgtsm.counted import counted
from lgtsm.inference.plan import Plan
from lgtsm.inference.trial import Trial
from lgtsm.video.probe import VideoInfo

SEGMENTS_SHOWN = 8


def describe_plan(info: VideoInfo, hole_share: float, plan: Plan, trial: Trial | None, device: str) -> list[str]:
    """Return lines to print: video, hole, work, memory, time."""
    timing = "variable, on average " if info.variable_frame_rate else ""
    lines = [
        f"video    {counted(info.frames, 'frame')} of {info.width}x{info.height}, "
        f"{timing}{float(info.fps):.3f} per second",
        f"hole     {hole_share:.2%} of all pixels",
    ]
    if plan.bytes is None:
        return [*lines, "work     piece by piece of each scene; time is estimated only for networks that step"]
    count = sum(len(segment.regions) for segment in plan.segments)
    scaled = "" if plan.height == info.height else f", at {plan.width}x{plan.height}"
    lines.append(
        f"work     {plan.computed:.1%} of all pixels{scaled}: segments of frames {len(plan.segments)}, regions {count}"
    )
    for segment in plan.segments[:SEGMENTS_SHOWN]:
        regions = ", ".join(f"{r.right - r.left}x{r.bottom - r.top} at {r.left},{r.top}" for r in segment.regions)
        lines.append(f"         frames {segment.start} to {(segment.stop or info.frames) - 1}: {regions}")
    if len(plan.segments) > SEGMENTS_SHOWN:
        lines.append(f"         and {len(plan.segments) - SEGMENTS_SHOWN} more")
    if len(plan.passes) > 1:
        lines.append(
            f"passes   {len(plan.passes)} times through the video, because memory does not hold all tiles at once"
        )
    lines.append(f"memory   about {plan.bytes / 2**20:.0f} MiB for the network, {counted(plan.chunk, 'frame')} at once")
    if trial is None:
        return [*lines, "time     nothing to compute"]
    size = f"{trial.region.right - trial.region.left}x{trial.region.bottom - trial.region.top}"
    about = "about" if trial.full else "at least"
    tried = f"tried {counted(trial.frames, 'frame')} of {size} on {device}: {trial.seconds:.2f} s"
    return [
        *lines,
        f"time     {about} {_spoken(trial.expected)} for the network ({tried}); plus decoding and encoding",
    ]


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
