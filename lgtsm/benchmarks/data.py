"""Speed and memory of the data pipeline, beside decoding alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from lgtsm.benchmarks.timing import measure, ratio
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.folder import FolderVideos
from lgtsm.data.sampling import StreamBatches
from lgtsm.masks import MaskMixture
from lgtsm.memory_meter import memory_in_use
from lgtsm.optional import UnavailableError
from lgtsm.video.decord_reader import Checked, DecordReader
from lgtsm.video.frame_folder import list_images
from lgtsm.video.listing import list_videos

MASKS = {"object_like": 0.5, "rand_curve": 0.3, "box": 0.2}


def measure_data(
    folder: str | Path,
    num_frames: int = 7,
    height: int = 180,
    width: int = 320,
    batch_size: int = 5,
    batches: int = 20,
    workers: Sequence[int] = (0, 1, 2),
    repeats: int = 3,
    seed: int = 0,
    limit: int | None = None,
    video_files: str | Path | None = None,
) -> dict[str, Any]:
    """Measure frames a second of the whole pipeline (decode, crop, masks, collate) and of decoding the same clips.

    After the warm-up, loaders keep their workers and know each video, as in a running training. "first time" opens and
    checks every file again, without workers.

    Args:
        folder: of videos or frame folders.
        num_frames, height, width: size of a clip, in frames and pixels.
        batch_size, batches: clips in a batch, batches in a turn.
        workers: numbers of loading processes to measure.
        repeats: turns.
        seed: of clips and masks.
        limit: number of videos to take.
        video_files: source videos of the frame folders in `folder`, by the same names; decord then decodes the same
            clips from them.

    Returns:
        {"settings", "rates": {"decoding alone", "workers=0", ...}, "ratios": to decoding alone, and to decord}.
    """
    clips = _open_clips(folder, num_frames, height, width, seed, limit)
    videos: Any = clips.videos
    stream = StreamBatches(len(clips), batch_size, batches, seed)
    same = [clip for batch in stream for clip in windows(videos, batch, num_frames, height, width, seed)]

    def decode(windows: list[tuple[Path, tuple[int, ...]]]) -> int:
        return sum(len(decode_alone(path, numbers)) for path, numbers in windows)

    def first_time() -> int:
        fresh = _open_clips(folder, num_frames, height, width, seed, limit)
        return sum(fresh[item]["video"].shape[0] for batch in stream for item in batch)

    runs: dict[str, Callable[[], int]] = {"decoding alone": lambda: decode(same), "first time": first_time}
    if video_files is not None:
        files = {path.stem: path for path in list_videos(video_files)}
        sources = [(files[path.name], numbers) for path, numbers in same]
        runs["decord alone"] = lambda: decode(sources)
    for count in workers:
        loader = DataLoader(clips, batch_sampler=stream, num_workers=count, persistent_workers=count > 0)
        runs[f"workers={count}"] = functools.partial(_frames_of, loader)
    cv2.setNumThreads(1)
    rates = measure(runs, repeats)
    settings = {
        "videos": len(videos), "frame_folders": videos.paths[0].is_dir(), "num_frames": num_frames, "height": height,
        "width": width, "batch_size": batch_size, "batches": batches, "repeats": repeats, "seed": seed,
    }  # fmt: skip
    alone = [name for name in rates if name.endswith(" alone")]
    ratios = {
        f"{name} over {base}": ratio(rates[name], rates[base]) for base in alone for name in rates if name not in alone
    }
    return {"settings": settings, "rates": rates, "ratios": ratios}


def windows(
    videos: FolderVideos, batch: Sequence[tuple[int, int]], num_frames: int, height: int, width: int, seed: int
) -> list[tuple[Path, tuple[int, ...]]]:
    """Return the file and frames of each clip that `InpaintingClips` reads for a batch."""
    found = []
    for draw, index in batch:
        rng = np.random.default_rng([seed, draw, 0])
        window = videos.read_window(index, num_frames, height, width, rng)[1]
        found.append((videos.paths[index], window.frames))
    return found


def decode_alone(path: Path, numbers: Sequence[int]) -> np.ndarray:
    """Decode frames and nothing else: with decord from a file, with OpenCV from a folder of images."""
    if path.is_dir():
        files = list_images(path, allow_gaps=True)
        pictures: list[Any] = [cv2.imread(str(files[number])) for number in numbers]
        return np.stack(pictures)
    with DecordReader(path, _checked(path)) as reader:
        return reader.read(numbers)


def _frames_of(loader: DataLoader) -> int:
    """Load all batches; return their number of frames."""
    return sum(batch["video"].shape[:2].numel() for batch in loader)


@functools.cache
def _checked(path: Path) -> Checked:
    with DecordReader(path) as reader:
        return reader.checked


def measure_memory(
    folder: str | Path, clips: int, num_frames: int = 7, height: int = 180, width: int = 320, points: int = 10
) -> list[dict[str, float]]:
    """Read many clips in this process and measure its memory.

    Args:
        folder: of videos or frame folders.
        clips: number to read.
        num_frames, height, width: size of a clip, in frames and pixels.
        points: of the curve.

    Returns:
        points of the curve: {"clips": read so far, "mib": resident memory}.

    Raises:
        UnavailableError: the system does not report a process's memory.
    """
    device = torch.device("cpu")
    if memory_in_use(device) is None:
        raise UnavailableError("Measuring memory needs Linux: this system does not report what a process holds.")
    data = _open_clips(folder, num_frames, height, width)
    curve: list[dict[str, Any]] = [{"clips": 0, "mib": memory_in_use(device)}]
    step = max(1, clips // points)
    for draw in range(clips):
        data[draw, draw % len(data)]
        if (draw + 1) % step == 0:
            curve.append({"clips": draw + 1, "mib": memory_in_use(device)})
    return curve


def _open_clips(
    folder: str | Path, num_frames: int, height: int, width: int, seed: int = 0, limit: int | None = None
) -> InpaintingClips:
    masks = MaskMixture(MASKS, num_strokes=(1, 5))
    return InpaintingClips(FolderVideos(folder, limit=limit), masks, num_frames, height, width, seed, max_bad_share=1.0)
