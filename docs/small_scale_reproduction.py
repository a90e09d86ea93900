"""Train the systems of the paper's tables on one small budget, score them on held-out clips, and write the table.

    python docs/small_scale_reproduction.py VIDEOS OUT --squeezenet FILE [--seeds 0 1 2]

VIDEOS is a folder of videos. Clips of one film share a name up to a final `_00`, `_01`, ..., and are never split
between training and test. Start it again after a stop: it skips everything that OUT already holds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from lgtsm.data.splits import film_of, write_split_of_films
from lgtsm.evaluation.columns import column
from lgtsm.evaluation.summary import read_per_video
from lgtsm.evaluation.tables import title
from lgtsm.video.listing import list_videos
from lgtsm.whole_files import write_text

# SqueezeNet's activations are larger than VGG16's, for which the paper chose the weights 1 and 10.
LOOK = [
    "loss/features=squeezenet", "loss.features.weights={squeezenet}",
    "loss.weight_perceptual=0.1", "loss.weight_style=1",
]  # fmt: skip
SYSTEMS = {  # the width of TSM matches the parameters again; that of CombCN keeps the ratio to LGTSM's
    "conv3d_gan": (
        "3-D conv, gated, GAN (3DGated)",
        ["experiment=ablation/conv3d_gan", "model.spectral_norm=false", *LOOK],
    ),
    "tsm_gan": ("TSM, plain, GAN", ["experiment=ablation/tsm_gan", "model.width=22", *LOOK]),
    "gtsm": ("TSM, gated, no GAN", ["experiment=ablation/gtsm", *LOOK]),
    "gtsm_gan": ("TSM, gated, GAN", ["experiment=ablation/gtsm_gan", *LOOK]),
    "lgtsm_gan": ("learnable, gated, GAN (LGTSM)", ["experiment=ablation/lgtsm_gan", *LOOK]),
    "combcn": ("CombCN", ["experiment=fvi_combcn", "model.width=8"]),
}
FILLERS = ["mean-color", "temporal-copy"]
PROTOCOL = [
    "protocol=paper_fvi", "protocol.num_frames=6", "protocol.height=64", "protocol.width=64",
    "protocol.kinds=[object_like]", "protocol.masks=drawn", "num_pictures=0", "metric.lpips.net=squeeze",
    "metric.lpips.weights={squeezenet}", "metric.video_fid_eval=null", "metric.video_fid_batch_statistics=null",
    "protocol.fit=crop", "protocol.eight_bit=false", "precision=fp32",
]  # fmt: skip
SCORES = ["psnr_hole", "mse_hole", "lpips_squeeze_not_published", "warping_error", "flicker_hole"]
QUESTIONS = {  # differences: first minus second
    "GAN on − off": ("gtsm_gan", "gtsm"),
    "gated − plain": ("gtsm_gan", "tsm_gan"),
    "learnable − fixed shift": ("lgtsm_gan", "gtsm_gan"),
    "3-D − learnable shift": ("conv3d_gan", "lgtsm_gan"),
    "LGTSM − CombCN": ("lgtsm_gan", "combcn"),
}
RESAMPLES = 4000


def main() -> None:
    """Train and score seed by seed, and write OUT/table.md after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("videos", type=Path, help="folder of videos")
    parser.add_argument("out", type=Path, help="folder for runs, scores and table.md")
    parser.add_argument("--squeezenet", type=Path, required=True, help="SqueezeNet 1.1 weights in torchvision's layout")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="in the training's configuration")
    arguments = parser.parse_args()
    videos, out, weights = (path.resolve() for path in (arguments.videos, arguments.out, arguments.squeezenet))
    split(videos, out)
    score(videos, out, "fillers", weights, [f"methods=[{','.join(FILLERS)}]"])
    for seed in arguments.seeds:
        for system, (_, overrides) in SYSTEMS.items():
            run = out / f"{system}_seed{seed}"
            own = [text.format(squeezenet=weights) for text in overrides]
            data = [f"data.root={videos}", f"data.split_folder={out}", f"seed={seed}"]
            train(run, [*own, "budget=small", *data, *arguments.set])
            checkpoint = f"checkpoint={run / 'generator.safetensors'}"
            score(videos, out, run.name, weights, ["methods=[]", checkpoint, f"name={run.name}"])
        write_table(out)


def split(videos: Path, out: Path) -> None:
    """List the videos to train on and to hold out, a tenth of the films."""
    write_split_of_films([path.relative_to(videos).with_suffix("").as_posix() for path in list_videos(videos)], out)


def train(run: Path, overrides: list[str]) -> None:
    """Train one system, from its newest checkpoint if there is one, unless its weights are there."""
    if not (run / "generator.safetensors").is_file():
        call("train", [*overrides, "evaluate=false", "resume=auto", f"paths.run={run}"])


def score(videos: Path, out: Path, name: str, weights: Path, methods: list[str]) -> None:
    """Score methods on the held-out clips, unless that is done."""
    folder = out / "scores" / name
    if not (folder / "metrics.json").is_file():
        protocol = [text.format(squeezenet=weights) for text in PROTOCOL]
        call(
            "evaluate",
            [*protocol, f"protocol.videos={videos}", f"protocol.split_folder={out}", *methods, f"paths.run={folder}"],
        )


def call(command: str, overrides: list[str]) -> None:
    print(f"lgtsm {command} {' '.join(overrides)}", flush=True)
    subprocess.run([sys.executable, "-m", f"lgtsm.{command}", *overrides], check=True)


def read_scores(out: Path, name: str, score: str) -> dict[tuple[str, str, int], float]:
    """Return (film, video, bin) -> score of the run or filler called `name`."""
    folder = "fillers" if name in FILLERS else name
    records = read_per_video(out / "scores" / folder / "per_video.csv")
    own = [record for record in records if folder == name or record["method"] == name]
    return {(film_of(r["video"]), r["video"], r["center"]): float(r["scores"][score]) for r in own}


def means_by_film(clips: list[dict[tuple[str, str, int], float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return sums (runs, films) of the scores and the clips of each film."""
    films = sorted({film for film, _, _ in clips[0]})
    sums = np.array([[sum(v for (f, _, _), v in run.items() if f == film) for film in films] for run in clips])
    return sums, np.array([sum(f == film for f, _, _ in clips[0]) for film in films])


def interval(sums: np.ndarray, weights: np.ndarray) -> tuple[float, float, float]:
    """Return the mean over runs and films, and its 95 % bootstrap interval, resampling both runs and films."""
    rng = np.random.default_rng(0)
    runs, films = sums.shape
    drawn_runs, drawn = rng.integers(runs, size=(RESAMPLES, runs)), rng.integers(films, size=(RESAMPLES, films))
    of_films = np.take_along_axis(sums[drawn_runs].mean(1), drawn, axis=1)
    means = of_films.sum(1) / weights[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return sums.mean(0).sum() / weights.sum(), low, high


def write_table(out: Path) -> None:
    """Write the scores of every system, and the differences behind the paper's Table 2."""
    runs_of = {system: sorted(file.parent.name for file in (out / "scores").glob(f"{system}_seed*/metrics.json"))
               for system in SYSTEMS}  # fmt: skip
    rows = {filler: [filler] for filler in FILLERS}
    rows |= {called: runs_of[system] for system, (called, _) in SYSTEMS.items() if runs_of[system]}
    lines = ["| system | seeds | " + " | ".join(map(title, SCORES)) + " |", "|---" * (len(SCORES) + 2) + "|"]
    for called, runs in rows.items():
        cells = [cell(s, *interval(*means_by_film([read_scores(out, run, s) for run in runs]))) for s in SCORES]
        lines.append(f"| {called} | {len(runs)} | " + " | ".join(cells) + " |")
    lines += ["", "| difference | pairs | " + " | ".join(map(title, SCORES)) + " |", "|---" * (len(SCORES) + 2) + "|"]
    for question, (first, second) in QUESTIONS.items():
        seeds = [run.removeprefix(first) for run in runs_of[first]]
        pairs = [(first + seed, second + seed) for seed in seeds if second + seed in runs_of[second]]
        if pairs:
            cells = [difference(out, pairs, score) for score in SCORES]
            lines.append(f"| {question} | {len(pairs)} | " + " | ".join(cells) + " |")
    write_text(out / "table.md", "\n".join(lines) + "\n")
    print("\n".join(lines), flush=True)


def difference(out: Path, pairs: list[tuple[str, str]], score: str) -> str:
    """Return the mean difference, its interval, and each seed's own; bold where the interval leaves out 0."""
    found = []
    for first, second in pairs:
        a, b = read_scores(out, first, score), read_scores(out, second, score)
        found.append({key: a[key] - b[key] for key in a})
    sums, weights = means_by_film(found)
    mean, low, high = interval(sums, weights)
    form = column(score).form.replace(":", ":+")
    each = ", ".join(form.format(value) for value in sums.sum(1) / weights.sum())
    mark = "**" if low * high > 0 else ""
    return f"{mark}{form.format(mean)}{mark} [{form.format(low)}, {form.format(high)}] ({each})"


def cell(score: str, mean: float, low: float, high: float) -> str:
    form = column(score).form
    return f"{form.format(mean)} [{form.format(low)}, {form.format(high)}]"


if __name__ == "__main__":
    main()
