"""Score methods on clips that nothing was trained on; needs lgtsm[perceptual].

python docs/filling.py score CLIPS OUT [--height 180 --width 320] METHOD ...   # a line of JSON for each clip
python docs/filling.py tables OUT [METHOD]                                    # the tables of docs/filling.md

CLIPS is the folder of the clips that `conf/data/splits/clips` names; its validation part gives one clip of each source.
A METHOD is a name of `lgtsm.list_methods()`, or NAME=FILE for a network's weights. Clips that OUT has are not scored
again.
"""

import argparse
import json
import time
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch

import lgtsm
from lgtsm.candidate_channels import UNSEEN
from lgtsm.classical.flow_fusion import find_candidates
from lgtsm.data.folder import FolderVideos
from lgtsm.data.splits import film_of
from lgtsm.evaluation.intervals import interval
from lgtsm.features.optical_flow import DISFlow
from lgtsm.masks import MaskMixture
from lgtsm.metrics.flicker import TemporalFlicker
from lgtsm.metrics.frame_quality import FrameQuality
from lgtsm.metrics.stlpips import STLPIPS
from lgtsm.metrics.warping_error import WarpingError

SPLIT = Path(__file__).parents[1] / "conf" / "data" / "splits" / "clips"
FRAMES = 24
KINDS = {"object_like": 1.0, "object_like_middle": 1.0, "object_like_small": 1.0}
SCORES = {"psnr": 2, "stlpips": 4, "warping error x 1000": 3, "flicker": 2, "seconds": 2}
NEAR, MIDDLE = 4 / 180, 16 / 180  # of the height, from the rim


def clips(root, height, width, every):
    """Yield name, frames uint8 (24, height, width, 3) and hole bool (24, height, width) of every n-th source."""
    videos = FolderVideos(root, "validation", split_folder=SPLIT)
    masks, sources = MaskMixture(KINDS, hole_share=(0.10, 0.35)), set()
    for number in range(len(videos)):
        source = film_of(videos.name(number))
        if source not in sources:
            sources.add(source)
            if (len(sources) - 1) % every:
                continue
            frames = videos.read_clip(number, FRAMES, height, width, None)
            yield videos.name(number), frames, masks(FRAMES, height, width, [16, number]) > 0


@cache
def metrics():
    """Return the metrics, made once."""
    return FrameQuality(), STLPIPS(), WarpingError(DISFlow()), TemporalFlicker()


def score(filled, frames, hole):
    """Return the scores of a clip, filled and frames uint8 (24, height, width, 3), by name."""
    video, target = (torch.from_numpy(part).permute(0, 3, 1, 2)[None] / 255 for part in (filled, frames))
    missing = torch.from_numpy(hole > 0)[None, :, None].float()
    quality, stlpips, warping_error, temporal_flicker = metrics()
    distance, _ = stlpips.score(video[:, ::4], target[:, ::4], missing[:, ::4])
    return {
        "psnr": quality.score(video, target, missing)[0]["psnr_hole"].item(),
        "stlpips": distance["stlpips"].item(),
        "warping error x 1000": 1000 * warping_error.score(video, target, missing)[0]["warping_error_hole"].item(),
        "flicker": 255 * temporal_flicker.score(video, target, missing)[0]["flicker_hole"].item(),
    }


def parts(frames, hole):
    """Return areas of the hole by name: shown by another frame or not, by distance from the rim, and by motion."""
    visible = np.where(hole[..., None], 0, frames.astype(np.float32) / 255)
    unseen = find_candidates(visible, hole)[..., UNSEEN][..., 0] > 0
    away = np.stack([cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5) for part in hole]) / hole.shape[1]
    gray = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    moved = [np.hypot(*np.moveaxis(flow.calc(a, b, None), -1, 0)) for a, b in pairwise(gray)]
    speed = np.stack([*moved, moved[-1]]) / hole.shape[1] * 180
    return {
        "shown by another frame": hole & ~unseen,
        "shown by none": unseen,
        "up to 4 pixels from the rim": hole & (away <= NEAR),
        "4 to 16 pixels": hole & (away > NEAR) & (away <= MIDDLE),
        "further": hole & (away > MIDDLE),
        "moves up to 1 pixel a frame": hole & (speed <= 1),
        "1 to 4 pixels": hole & (speed > 1) & (speed <= 4),
        "more": hole & (speed > 4),
    }


def run(arguments):
    """Score every clip by every method, and add a line for each to OUT/METHOD_HEIGHT.jsonl."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    methods, paths = {}, {}
    for word in arguments.methods:
        name, _, file = word.partition("=")
        methods[name] = lgtsm.Inpainter(lgtsm.load_model(file) if file else lgtsm.load_method(name), precision="fp32")
        paths[name] = arguments.out / f"{name}_{arguments.height}.jsonl"
    done = {name: set(rows_of(path)) if path.exists() else set() for name, path in paths.items()}
    for clip, frames, hole in clips(arguments.clips, arguments.height, arguments.width, arguments.every):
        areas = None
        for name, method in methods.items():
            if clip in done[name]:
                continue
            areas = areas or parts(frames, hole)
            began = time.process_time()
            filled = method.fill_bytes(np.where(hole[..., None], 0, frames), hole.astype(np.uint8))
            used = time.process_time() - began
            wrong = np.square((filled.astype(float) - frames) / 255).mean(-1)
            row = {
                "clip": clip,
                "share": float(hole.mean()),
                "scores": {**score(filled, frames, hole), "seconds": used},
                "areas": {area: [float(wrong[at].sum()), int(at.sum())] for area, at in areas.items()},
            }
            with paths[name].open("a") as file:
                file.write(json.dumps(row) + "\n")


def rows_of(path):
    """Return the lines of a method, by clip."""
    return {row["clip"]: row for row in map(json.loads, path.read_text().splitlines())}


def tables(arguments):
    """Print a table of scores for each size, one of the error by area, and the clips that got worse."""
    found = {path.stem: rows_of(path) for path in sorted(arguments.out.glob("*.jsonl"))}
    for height in sorted({int(stem.rpartition("_")[2]) for stem in found}):
        here = {stem.rpartition("_")[0]: rows for stem, rows in found.items() if stem.endswith(f"_{height}")}
        shared = sorted(set.intersection(*(set(rows) for rows in here.values())))
        print(f"\n{height} rows, {len(shared)} clips\n")
        print_scores(here, shared)
        names = [name for name in (arguments.method, "key-frames", "flow-copy") if name in here]
        print_areas({name: [here[name][clip]["areas"] for clip in shared] for name in names})
        if len(names) > 1:
            print_worse(*([here[name][clip] for clip in shared] for name in names[:2]))


def print_scores(methods, shared):
    """Print the mean scores over the clips and their 95 % intervals."""
    print(f"| method | {' | '.join(SCORES)} |\n|{' --- |' * (len(SCORES) + 1)}")
    for method, rows in methods.items():
        cells = []
        for name, digits in SCORES.items():
            values = {clip: rows[clip]["scores"][name] for clip in shared}
            mean, low, high = interval(values, dict.fromkeys(shared, 1.0))
            cells.append(f"{mean:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})")
        print(f"| {method} | {' | '.join(cells)} |")


def print_areas(methods):
    """Print the PSNR of all clips' pixels together, by area."""
    print(f"\n| part of the hole | share | {' | '.join(methods)} |\n|{' --- |' * (len(methods) + 2)}")
    first = next(iter(methods.values()))
    whole = sum(areas[part][1] for areas in first for part in ("shown by another frame", "shown by none"))
    for area in first[0]:
        sums = [np.sum([areas[area] for areas in clips], axis=0) for clips in methods.values()]
        cells = [f"{-10 * np.log10(wrong / max(count, 1)):.2f}" for wrong, count in sums]
        print(f"| {area} | {sums[0][1] / whole:.0%} | {' | '.join(cells)} |")


def print_worse(rows, others):
    """Name the clips that are worse than by another method in both PSNR and ST-LPIPS."""
    worse = []
    for row, other in zip(rows, others, strict=True):
        psnr, distance = (row["scores"][name] - other["scores"][name] for name in ("psnr", "stlpips"))
        if psnr < 0 < distance:
            worse.append(f"{row['clip']} ({psnr:.2f} dB, {distance:+.4f})")
    print(f"\nWorse than the second method in both PSNR and ST-LPIPS: {', '.join(worse) or 'no clip'}")


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    scoring = commands.add_parser("score")
    scoring.add_argument("clips", type=Path)
    scoring.add_argument("out", type=Path)
    scoring.add_argument("methods", nargs="+")
    scoring.add_argument("--height", type=int, default=180)
    scoring.add_argument("--width", type=int, default=320)
    scoring.add_argument("--every", type=int, default=1, metavar="N", help="score a clip of every N-th source only")
    scoring.set_defaults(run=run)
    printing = commands.add_parser("tables")
    printing.add_argument("out", type=Path)
    printing.add_argument("method", nargs="?", default="flow-fusion")
    printing.set_defaults(run=tables)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
