"""Write an evaluation: numbers, tables, plots, pictures and a single page to share."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lgtsm.counted import counted
from lgtsm.document import Block, Heading, Picture, Table, Text, to_markdown
from lgtsm.evaluation.columns import cell, column
from lgtsm.evaluation.figures import frames_picture, side_by_side_video, slices_picture, write_plot
from lgtsm.evaluation.legend import COSTS, legend
from lgtsm.evaluation.shown import load_shown
from lgtsm.evaluation.summary import ALL, PER_VIDEO, write_per_video
from lgtsm.evaluation.table_files import write_document, write_scores
from lgtsm.evaluation.tables import bins_table, efficiency_table, paper_table
from lgtsm.video.pictures import write_png
from lgtsm.video.writer import VideoWriter
from lgtsm.whole_files import write_text

SCHEMA = "lgtsm-evaluation-2"
SCORES = "scores.csv"
VIDEO, FPS = "side_by_side.mp4", 8
AVERAGED = "A score is computed for each clip, then averaged over clips, each weighted by its frames."
FEW_VIDEOS = (
    20  # in simulations with normal values, intervals cover the mean in 84 % of cases with 5 videos, 93 % with 20
)


def write_evaluation(
    folder: str | Path, document: dict[str, Any], records: list[dict[str, Any]], names: list[str], shown: list[str]
) -> None:
    """Write metrics.json, scores.csv, per_video.csv, plots, pictures, a video and report.md, .html and .tex.

    No file is ever half written.

    Args:
        folder: of the evaluation.
        document: content of metrics.json, see `lgtsm.evaluation.run.evaluate`.
        records: lines of the ledger, see `lgtsm.evaluation.summary.read_records`.
        names: of the scores that each clip has.
        shown: keys of the units to picture.
    """
    folder = Path(folder)
    write_per_video(folder / PER_VIDEO, records, names)
    write_text(folder / "metrics.json", json.dumps({"schema": SCHEMA, **document}, indent=2, allow_nan=False) + "\n")
    write_scores(folder / SCORES, document["scores"])
    scores, protocol, all_names = document["scores"], document["protocol"], list(document["metrics"])
    kinds, centers = protocol["kinds"], protocol["centers"]
    blocks: list[Block] = [Heading(f"Evaluation: {protocol['name']}", 1), *protocol_blocks(protocol)]
    blocks += [Text(document["deterministic"]), methods_table(document["methods"])]
    blocks += [Text(how_to_read(protocol["videos"])), paper_table(scores, all_names, kinds)]
    blocks += _published(document.get("published", ()))
    for name, value in document["truth"].items():
        title, number = column(name).title, cell(name, value)
        blocks.append(Text(f"The true videos' own {title}: {number}; lower is smoother than real."))
    for sentence in dict.fromkeys(document["unavailable"].values()):
        affected = [name for name, why in document["unavailable"].items() if why == sentence]
        blocks.append(Text(f"{', '.join(affected)} n/a: {sentence}"))
    blocks += _known_pixels(records) + _not_scored(records)
    blocks += [Heading("What the scores mean"), Text(AVERAGED), legend(all_names)]
    blocks += [Heading("Cost"), efficiency_table(document["efficiency"]), Text(_efficiency_note(document)), COSTS]
    plotted = [n for n in all_names if centers and write_plot(folder / f"plot_{n}.png", n, scores, kinds, centers)]
    blocks += [Heading("Scores by hole share")] if plotted else []
    for name in plotted:
        bounded = any(value.get(name, {}).get("low") is not None for of in scores.values() for value in of.values())
        bands = "bands are 95 % intervals over videos" if bounded else "no intervals"
        blocks.append(Picture(f"plot_{name}.png", f"{column(name).title} by hole share; {bands}."))
    blocks += _pictures(folder, shown, list(scores))
    blocks += [Heading("Bin by bin")] if plotted else []
    for name in plotted:
        blocks += [Heading(column(name).title, 3), bins_table(scores, name, kinds, centers)]
    write_document(folder, "report", blocks)


def protocol_blocks(p: dict[str, Any]) -> list[Block]:
    """Describe the scored clips, and warn if published numbers do not compare."""
    kinds = f"{counted(len(p['kinds']), 'kind')} of holes ({', '.join(p['kinds'])})"
    bins = f" x {counted(len(p['centers']), 'bin')} of hole share" if p["centers"] else ""
    length = "all frames" if p["num_frames"] is None else f"the first {counted(p['num_frames'], 'frame')}"
    clips = (
        f"{counted(p['videos'], 'video')} x {kinds}{bins}; {length}, "
        f"{p['width']}x{p['height']}{_shape(p)}; known pixels put back; "
        f"frames {p.get('frames', 'as they come')}; averages over frames."
    )
    warning = (
        "**These clips and holes are not the published test set. Do not compare the numbers with published ones.**"
    )
    return [Text(clips), *([] if p["published_test_set"] else [Text(warning)])]


def _published(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    """List published results, with where each comes from."""
    if not rows:
        return []
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("method", "source")))
    cells = [
        [row["method"], *(column(n).form.format(row[n]) if n in row else "" for n in names), row["source"]]
        for row in rows
    ]
    said = "Published results of this protocol, with their source; nobody here has repeated them."
    return [Text(said), Table(["method", *(column(name).title for name in names), "source"], cells)]


def _shape(p: dict[str, Any]) -> str:
    """Say how frames of another aspect got the size, and how stored masks were paired."""
    fits = {"stretch": " (stretched; shorter videos whole)", "crop": " (cropped; shorter videos whole)"}
    return fits.get(p.get("fit", ""), "") + (f"; masks paired in {p['pairing']}" if "pairing" in p else "")


def methods_table(identities: dict[str, dict[str, Any]]) -> Table:
    """List the method behind each name."""
    rows = []
    for name, own in identities.items():
        facts = (f"{key} {f'{value[:16]}...' if key == 'sha256' else value}" for key, value in own.items())
        rows.append([name, ", ".join(facts)])
    return Table(["method", "what was scored"], rows)


def how_to_read(num_videos: int) -> str:
    """Explain arrows, bold, brackets and n/a in a table."""
    few = f" With {num_videos} videos, intervals are a little too narrow." if 1 < num_videos < FEW_VIDEOS else ""
    return (
        "↑: higher is better. ↓: lower is better. Bold: the best. Brackets: the 95 % bootstrap interval over videos; "
        "video FID has none, because resampled sets repeat videos, which shifts the distance itself. `n/a`: no "
        f"number, for the reason given.{few}"
    )


def _known_pixels(records: list[dict[str, Any]]) -> list[Block]:
    """Report for each method whether it left the known pixels alone."""
    known: dict[str, list[dict[str, float]]] = {}
    for record in records:
        if "known" in record:
            known.setdefault(record["method"], []).append(record["known"])
    blocks, untouched = [], []
    for method, clips in known.items():
        touched, largest = sum(clip["changed"] > 0 for clip in clips), max(clip["largest"] for clip in clips)
        if not touched:
            untouched.append(method)
            continue
        share = sum(clip["changed"] for clip in clips) / len(clips)
        far = f"by up to {largest:.0f} of 255" if math.isfinite(largest) else "to values that are not finite"
        where = f"{touched} of {counted(len(clips), 'clip')}: {share:.2%} of their values, {far}"
        blocks.append(Text(f"**{method} touched known pixels** in {where}. They were put back before scoring."))
    return [*blocks, *([Text(f"Known pixels untouched: {', '.join(untouched)}.")] if untouched else [])]


def _not_scored(records: list[dict[str, Any]]) -> list[Block]:
    failed = [record for record in records if "problem" in record]
    some = "; ".join(f"{r['method']}, {r['unit']}: {r['problem']}" for r in failed[:5])
    return (
        [Text(f"**Not scored: {counted(len(failed), 'clip')}.** {some}{' ...' if len(failed) > 5 else ''}")]
        if failed
        else []
    )


def _efficiency_note(document: dict[str, Any]) -> str:
    where = document["surroundings"]
    clips = ", ".join(sorted({own["clip"] for own in document["efficiency"].values() if "clip" in own}))
    commit = str(where["commit"])[:12] + "+" * str(where["commit"]).endswith("+")  # a plus: files were edited since
    return (
        f"One clip of the protocol's size ({clips}) on {document['device']}. Frames/s: median of three runs after a "
        f"warm-up (slowest-fastest). {where['processor']}, {counted(where['cores'], 'core')}, "
        f"{counted(document['threads'], 'thread')}, torch {where['versions']['torch']}, commit {commit}."
    )


def _pictures(folder: Path, shown: list[str], methods: list[str]) -> list[Block]:
    """Write frames and slices of the clips to show, and one video of them all."""
    kept = []
    pictures: dict[str, list[Block]] = {"frames": [], "slices": []}
    for number, key in enumerate(shown):
        clips = load_shown(folder, key, methods)
        if clips is not None:
            for name, draw in (("frames", frames_picture), ("slices", slices_picture)):
                write_png(folder / f"{name}_{number}.png", draw(clips, methods))
                pictures[name].append(Picture(f"{name}_{number}.png", key))
            kept.append(clips)
    if not kept:
        return []
    video = side_by_side_video(kept, methods)
    with VideoWriter(folder / VIDEO, fps=FPS, height=video.shape[1], width=video.shape[2]) as writer:
        for frame in video:
            writer.write(frame)
    explained = "One row of pixels over time. Steady edges are smooth lines; flicker is noise across them."
    blocks = [Heading("Frames"), *pictures["frames"], Text(f"The same clips as a video: `{VIDEO}`.")]
    return [*blocks, Heading("Slices through time"), Text(explained), *pictures["slices"]]


def scores_table(document: dict[str, Any]) -> str:
    """Return the table of all scores, as Markdown."""
    return to_markdown([paper_table(document["scores"], list(document["metrics"]), document["protocol"]["kinds"])])


def mean_scores(document: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return method -> score -> mean over all clips, leaving out unavailable scores."""
    return {
        method: {name: value["mean"] for name, value in groups[ALL].items() if "mean" in value}
        for method, groups in document["scores"].items()
    }
