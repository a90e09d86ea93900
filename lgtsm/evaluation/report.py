"""Write an evaluation: numbers, tables, plots, pictures and one page to send to someone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from lgtsm.document import Block, Heading, Picture, Table, Text, to_html, to_markdown
from lgtsm.evaluation.columns import MEANINGS, cell, column
from lgtsm.evaluation.figures import frames_picture, side_by_side_video, slices_picture, write_plot
from lgtsm.evaluation.shown import load_shown
from lgtsm.evaluation.summary import ALL, PER_VIDEO, write_per_video
from lgtsm.evaluation.tables import bins_table, efficiency_table, paper_table
from lgtsm.video.pictures import write_png
from lgtsm.video.writer import VideoWriter
from lgtsm.whole_files import write_text

SCHEMA = "lgtsm-evaluation-2"
VIDEO, FPS = "side_by_side.mp4", 8
FEW_VIDEOS = 20  # simulated with normal values, intervals hold the mean in 84 % of cases with 5 videos, 93 % with 20


def write_evaluation(
    folder: str | Path,
    document: dict[str, Any],
    records: list[dict[str, Any]],
    names: list[str],
    shown: list[str],
) -> None:
    """Write metrics.json, per_video.csv, plots, pictures, a video, report.md and report.html; each whole or not at all.

    Args:
        folder: of the evaluation.
        document: the content of metrics.json, see `lgtsm.evaluation.run.evaluate`.
        records: the ledger's lines, see `lgtsm.evaluation.summary.read_records`.
        names: of scores that are a number for each clip.
        shown: keys of units with pictures.
    """
    folder = Path(folder)
    write_per_video(folder / PER_VIDEO, records, names)
    write_text(folder / "metrics.json", json.dumps({"schema": SCHEMA, **document}, indent=2, allow_nan=False) + "\n")
    scores, kinds, centers = document["scores"], document["protocol"]["kinds"], document["protocol"]["centers"]
    all_names = list(document["metrics"])
    blocks = _head(document)
    blocks += [Text(how_to_read(document["protocol"]["videos"])), paper_table(scores, all_names, kinds)]
    for name, value in document["truth"].items():
        blocks.append(
            Text(
                f"The true videos' own {column(name).title}: {cell(name, value)}; less than that is smoother than real."
            )
        )
    for sentence in dict.fromkeys(document["unavailable"].values()):
        names_of = [name for name, why in document["unavailable"].items() if why == sentence]
        blocks.append(Text(f"{', '.join(names_of)} n/a: {sentence}"))
    blocks += _known_pixels(records) + _not_scored(records)
    blocks += [Heading("Cost"), efficiency_table(document["efficiency"]), Text(_efficiency_note(document))]
    plotted = [n for n in all_names if centers and write_plot(folder / f"plot_{n}.png", n, scores, kinds, centers)]
    blocks += [Heading("Against the hole share")] if plotted else []
    for name in plotted:
        bounded = any(value.get(name, {}).get("low") is not None for of in scores.values() for value in of.values())
        bands = "bands are 95 % intervals over videos" if bounded else "no intervals"
        blocks.append(Picture(f"plot_{name}.png", f"{column(name).title} against the hole share; {bands}."))
    blocks += _pictures(folder, shown, list(scores))
    blocks += [Heading("Bin by bin")] if plotted else []
    for name in plotted:
        blocks += [Heading(column(name).title, 3), bins_table(scores, name, kinds, centers)]
    blocks.append(Heading("Scores"))
    blocks += [Text(what) for begins, what in MEANINGS.items() if any(name.startswith(begins) for name in all_names)]
    write_text(folder / "report.md", to_markdown(blocks))
    write_text(folder / "report.html", to_html(blocks, folder))


def protocol_blocks(p: dict[str, Any]) -> list[Block]:
    """Say which clips were scored, and whether published numbers compare."""
    kinds = f"{_count(len(p['kinds']), 'kind')} of holes ({', '.join(p['kinds'])})"
    bins = f" x {_count(len(p['centers']), 'bin')} of hole share" if p["centers"] else ""
    what = (
        f"{_count(p['videos'], 'video')} x {kinds}{bins}; the first {p['num_frames']} frames, "
        f"{p['width']}x{p['height']}; known pixels put back; averages over frames."
    )
    blocks: list[Block] = [Text(what)]
    if not p["published_test_set"]:
        blocks.append(
            Text("**The videos are not the published test set: these numbers do not compare with published ones.**")
        )  # fmt: skip
    return blocks


def _head(document: dict[str, Any]) -> list[Block]:
    protocol = document["protocol"]
    blocks: list[Block] = [Heading(f"Evaluation: {protocol['name']}", 1), *protocol_blocks(protocol)]
    blocks.append(Text(document["deterministic"]))
    return [*blocks, methods_table(document["methods"])]


def methods_table(identities: dict[str, dict[str, Any]]) -> Table:
    """List the method behind each name."""
    rows = [[name, ", ".join(f"{key} {_short(key, own[key])}" for key in own)] for name, own in identities.items()]
    return Table(["method", "identity"], rows)


def _short(key: str, value: Any) -> str:
    return f"{value[:16]}..." if key == "sha256" else str(value)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def how_to_read(num_videos: int) -> str:
    """Explain arrows, bold, brackets and n/a in a table."""
    few = f" {num_videos} videos are few: the intervals are rather too narrow." if 1 < num_videos < FEW_VIDEOS else ""
    return (
        "Arrows say which way is better; the best is in bold. Brackets hold the 95 % bootstrap interval over videos; "
        "video FID has none, because sets drawn with replacement hold videos twice, which moves the distance itself. "
        f"`n/a` says why there is no number. 'hole' scores count missing pixels only.{few}"
    )


def _known_pixels(records: list[dict[str, Any]]) -> list[Block]:
    """Say of each method whether it left the known pixels alone."""
    worst: dict[str, tuple[float, float, int, int]] = {}
    for record in records:
        if "known" in record:
            changed, largest, clips, touched = worst.get(record["method"], (0.0, 0.0, 0, 0))
            own = record["known"]
            worst[record["method"]] = (
                changed + own["changed"], max(largest, own["largest"]), clips + 1, touched + (own["changed"] > 0)
            )  # fmt: skip
    blocks: list[Block] = []
    for method, (changed, largest, clips, touched) in worst.items():
        if touched:
            far = f"by up to {largest:.0f} of 255" if math.isfinite(largest) else "to values that are not finite"
            blocks.append(
                Text(f"**{method} touched known pixels** in {touched} of {clips} clips: {changed / clips:.2%} of their "
                     f"values, {far}. They were put back before scoring, so its scores are those of its hole only.")
            )  # fmt: skip
    quiet = [method for method, (*_, touched) in worst.items() if not touched]
    if quiet:
        blocks.append(Text(f"Known pixels untouched: {', '.join(quiet)}."))
    return blocks


def _not_scored(records: list[dict[str, Any]]) -> list[Block]:
    wrong = [record for record in records if "problem" in record]
    if not wrong:
        return []
    some = "; ".join(f"{r['method']}, {r['unit']}: {r['problem']}" for r in wrong[:5])
    return [Text(f"**Not scored: {len(wrong)} clips.** {some}{' ...' if len(wrong) > 5 else ''}")]


def _efficiency_note(document: dict[str, Any]) -> str:
    where = document["surroundings"]
    clips = ", ".join(sorted({own["clip"] for own in document["efficiency"].values() if "clip" in own}))
    commit = str(where["commit"])[:12] + "+" * str(where["commit"]).endswith("+")  # a plus where files differ from it
    return (
        f"One clip of the protocol's size ({clips}), frames/s the median of three runs after one (least-greatest), on "
        f"{document['device']}; {where['processor']}, {_count(where['cores'], 'core')}, "
        f"{_count(document['threads'], 'thread')}, torch {where['versions']['torch']}, commit {commit}."
    )


def _pictures(folder: Path, shown: list[str], methods: list[str]) -> list[Block]:
    """Write frames and slices of the clips to show, and a video of all of them."""
    shown_clips = []
    frames: list[Block] = [Heading("Frames")]
    slices: list[Block] = [
        Heading("Slices through time"),
        Text("One row of pixels over time. Steady edges are smooth lines; flicker is noise across them."),
    ]
    for number, key in enumerate(shown):
        clips = load_shown(folder, key, methods)
        if clips is not None:
            write_png(folder / f"frames_{number}.png", frames_picture(clips, methods))
            write_png(folder / f"slices_{number}.png", slices_picture(clips, methods))
            frames.append(Picture(f"frames_{number}.png", key))
            slices.append(Picture(f"slices_{number}.png", key))
            shown_clips.append(clips)
    if not shown_clips:
        return []
    video = side_by_side_video(shown_clips, methods)
    with VideoWriter(folder / VIDEO, fps=FPS, height=video.shape[1], width=video.shape[2]) as writer:
        for frame in video:
            writer.write(frame)
    return [*frames, Text(f"The same clips as a video: `{VIDEO}`."), *slices]


def scores_table(document: dict[str, Any]) -> str:
    """Return the table of all scores, as Markdown."""
    return to_markdown([paper_table(document["scores"], list(document["metrics"]), document["protocol"]["kinds"])])


def mean_scores(document: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return method -> score -> mean of everything, without scores that are not available."""
    everything = {method: groups[ALL] for method, groups in document["scores"].items()}
    return {method: {name: v["mean"] for name, v in of.items() if "mean" in v} for method, of in everything.items()}
