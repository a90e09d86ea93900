"""The legend of a report: the unit of each number, its better side, what it is computed on, and its definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lgtsm.document import Table
from lgtsm.evaluation.columns import MEAN_OF_BINS, column
from lgtsm.evaluation.tables import title

FRAME, HOLE, CLIPS = "all pixels", "missing pixels", "whole clips"
SQUARES, NO_UNIT = "colors in [0, 1], squared", "none"


class Meaning(NamedTuple):
    """The unit of a score, what it is computed on, and its definition in a sentence."""

    unit: str
    on: str
    definition: str


MSE = "Mean squared difference between filled and true colors."
PSNR = "-10 log10 of the clip's MSE; equal clips get 100."
SSIM = (
    "Likeness of filled and true frame in windows of 11x11 pixels (Gaussian, sigma 1.5); 1 is equal (Wang et al. 2004)."
)
LPIPS = "Distance between features of a network, version 0.1, frames in [-1, 1] (Zhang et al. 2018)."
WARPING = (
    "Mean squared difference between a frame and the next one, moved back along the {} flow of the true video, where "
    "forward and backward flow agree (Lai et al. 2018). Numbers of different flows do not compare."
)
FID = (
    "Frechet distance between the sets of filled and true clips, each clip one I3D vector (Mixed_5c, 1024 numbers){}. "
    "Numbers of the two ways to normalize do not compare."
)
MEANINGS = {
    "mse": Meaning(SQUARES, FRAME, MSE),
    "psnr": Meaning("dB", FRAME, PSNR),
    "ssim": Meaning(NO_UNIT, FRAME, SSIM),
    "psnr_of_frames": Meaning(
        "dB", FRAME, "Mean of the frames' own PSNR, as STTN, FuseFormer, E2FGVI and ProPainter report it."
    ),
    "ssim_uniform": Meaning(
        NO_UNIT, FRAME, "SSIM in uniform windows of 65x65 pixels, as STTN, FuseFormer, E2FGVI and ProPainter report it."
    ),
    "mse_hole": Meaning(SQUARES, HOLE, MSE),
    "psnr_hole": Meaning("dB", HOLE, PSNR),
    "ssim_hole": Meaning(NO_UNIT, HOLE, SSIM),
    "lpips": Meaning(NO_UNIT, FRAME, LPIPS),
    "stlpips": Meaning(
        NO_UNIT,
        FRAME,
        "Distance between features of a network that tolerates small shifts, with its authors' weights (Ghildyal and "
        "Liu 2022). It does not compare with LPIPS.",
    ),
    "warping_error": Meaning(SQUARES, FRAME, WARPING.format("DIS")),
    "warping_error_hole": Meaning(SQUARES, HOLE, WARPING.format("DIS")),
    "warping_error_raft_large": Meaning(SQUARES, FRAME, WARPING.format("RAFT")),
    "warping_error_raft_large_hole": Meaning(SQUARES, HOLE, WARPING.format("RAFT")),
    "flicker_hole": Meaning(
        "colors in [0, 1]",
        "pixels missing in a frame or the next",
        "Mean absolute difference between the changes from frame to frame of the filled and of the true video.",
    ),
    "video_fid_eval": Meaning(NO_UNIT, CLIPS, FID.format("; I3D normalizes by its stored statistics")),
    "video_fid_batch_statistics": Meaning(
        NO_UNIT, CLIPS, FID.format("; I3D normalizes by the statistics of each clip, as the paper's program does")
    ),
}
OTHER_WEIGHTS = "_not_published"
COSTS = Table(
    ["cost", "unit", "better", "computed on", "definition"],
    [
        ["parameters", "numbers", "lower", "the method", "Learned numbers of its networks."],
        [
            "GFLOP a frame",
            "10^9 operations",
            "lower",
            "one clip, divided by its frames",
            "Operations of convolutions and matrix products; a multiplication with an addition counts two.",
        ],
        [
            "frames/s",
            "frames a second",
            "higher",
            "one clip",
            "Median speed of three runs after a warm-up; brackets hold the slowest and the fastest.",
        ],
        [
            "peak memory (MiB)",
            "MiB",
            "lower",
            "one clip",
            "Most memory that filling added to what was in use, on the device.",
        ],
    ],
)


def legend(names: Sequence[str]) -> Table:
    """Return a row for each score: title, unit, better side, what it is computed on, definition."""
    rows = []
    for name in names:
        unit, on, definition = meaning(name)
        rows.append([title(name), unit, "higher" if column(name).greater_is_better else "lower", on, definition])
    return Table(["score", "unit", "better", "computed on", "definition"], rows)


def meaning(name: str) -> Meaning:
    """Return what a score is; one that this library does not know says so."""
    if name.endswith(MEAN_OF_BINS):
        unit, _, definition = meaning(name.removesuffix(MEAN_OF_BINS))
        return Meaning(unit, "clips of each bin of hole share", f"Mean over the bins, as in the paper. {definition}")
    if name.endswith(OTHER_WEIGHTS):
        published = name.removesuffix(OTHER_WEIGHTS)
        known = MEANINGS.get(published) or MEANINGS["lpips" if published.startswith("lpips") else published]
        other = "With other weights than the published ones, so it does not compare with published numbers."
        return known._replace(definition=f"{known.definition} {other}")
    return MEANINGS.get(name) or Meaning("its own", "as its class says", "A metric of your own; see its class.")
