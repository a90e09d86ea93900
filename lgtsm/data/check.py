"""Check a data set before training: counts, unreadable and short videos, sizes, masks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lgtsm.counted import counted
from lgtsm.data.folder import FolderVideos
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.video.errors import VideoError
from lgtsm.video.open import open_video

NAMED = 8


class Finding(NamedTuple):
    """One line of the report: a subject, a status ("ok", "note" or "wrong") and a sentence."""

    subject: str
    status: str
    sentence: str


def check_videos(
    videos: FolderVideos,
    num_frames: int,
    height: int,
    width: int,
    expected: int | None = None,
    thorough: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Finding]:
    """Open every video of a split.

    Args:
        videos: the split.
        num_frames, height, width: size of the clips to cut from them, in frames and pixels.
        expected: expected number of videos; None accepts any.
        thorough: decode every frame, not only the first and the last.
        progress: called with (videos done, videos in all).

    Returns:
        findings on: number, empty folders, unreadable and short videos, sizes.
    """
    least = (num_frames - 1) * videos.strides[0] + 1
    unreadable, short, sizes = [], [], {}
    for done, (name, path) in enumerate(zip(videos.names, videos.paths)):
        try:
            with open_video(path, videos.backend, allow_gaps=True) as reader:
                length, sizes[name] = len(reader), (reader.width, reader.height)
                if thorough:
                    length = sum(1 for _ in reader)
                else:
                    reader.read([length - 1])
            if length < least:
                short.append(f"{name} ({length})")
        except VideoError as error:
            unreadable.append(f"{name} ({error})")
        if progress is not None:
            progress(done + 1, len(videos.paths))
    count = len(videos.paths)
    number = Finding("number of videos", "ok", f"{count}")
    if expected is not None and count != expected:
        number = Finding("number of videos", "wrong", f"{count}; {expected} are expected. Is the data set whole?")
    hollow = [path.name for path in sorted(videos.root.iterdir()) if path.is_dir() and not any(path.rglob("*.*"))]
    usual, _ = Counter(sizes.values()).most_common(1)[0] if sizes else ((width, height), 0)
    odd = [f"{name} ({w}x{h})" for name, (w, h) in sizes.items() if (w, h) != usual]
    small = [f"{name} ({w}x{h})" for name, (w, h) in sizes.items() if w < width or h < height]
    return [
        number,
        _listed("folders without frames", "wrong", hollow),
        _listed("unreadable videos", "wrong", unreadable),
        _listed(f"videos shorter than {counted(least, 'frame')}", "wrong", short),
        _listed(f"sizes other than {usual[0]}x{usual[1]}", "note", odd),
        _listed(f"smaller than the clips ({width}x{height}), to be scaled up", "note", small),
    ]


def check_masks(masks: StoredMasks, videos: FolderVideos, thorough: bool = False) -> list[Finding]:
    """Check stored masks for `videos`: find videos without masks, and unreadable, empty, full, cut off, inverted masks.

    Args:
        masks: the masks.
        videos: the split that they belong to.
        thorough: read every frame of each, not only five where these have a hole.
    """
    missing, unreadable, unusable, inverted, shares = [], [], [], [], []
    damaged: list[str] = []
    if masks.pair == "name":
        for name, position in zip(videos.names, videos.positions):
            try:
                masks.path_for(name, position)
            except VideoError:
                missing.append(name)
    elif masks.every_video and len(masks) < videos.num_videos:
        missing = videos.names[len(masks) :]
    for path in masks.paths:
        try:
            hole = _some_frames(masks, path)
            damaged += masks.pictures(path).faults
        except VideoError as error:
            unreadable.append(str(error))
            continue
        if thorough or not hole.any() or hole.all():
            try:
                masks.check_whole(path)
            except VideoError as error:
                unusable.append(str(error))
                continue
        shares.append(float(hole.mean()))
        if looks_inverted(hole, path.parent.name):
            inverted.append(f"{path.relative_to(masks.folder)} ({shares[-1]:.0%} missing)")
    useless = "masks of nothing or everything" + (", or with unreadable frames" if thorough else "")
    return [
        Finding("mask clips", "ok", f"{len(masks)}, {np.mean(shares):.1%} missing on average" if shares else "0"),
        _listed("videos without masks", "wrong", missing),
        _listed("unreadable masks", "wrong", unreadable),
        _listed(useless, "wrong", unusable),
        _listed("damaged masks", "wrong", damaged),
        _listed(f"masks that look inverted (read as meaning={masks.meaning})", "wrong", inverted),
    ]


def looks_inverted(hole: np.ndarray, bin_name: str = "") -> bool:
    """Return whether a hole looks inverted.

    Args:
        hole: uint8 (time, height, width), 1 = missing.
        bin_name: if it is the middle of a bin in percent (5, 15, ...), compare the share to it; otherwise a hole looks
            inverted if it covers most of the clip and nearly all of its rim.
    """
    share = float(hole.mean())
    if bin_name.isdecimal() and 0 < int(bin_name) < 100 and int(bin_name) % 10 == 5:
        aim = int(bin_name) / 100
        return abs(1 - share - aim) + 0.05 < abs(share - aim)
    rim = np.concatenate([hole[:, 0], hole[:, -1], hole[:, :, 0], hole[:, :, -1]], axis=1)
    return share > 0.5 and float(rim.mean()) > 0.8


def _some_frames(masks: StoredMasks, path, most: int = 5) -> np.ndarray:
    """Read up to `most` evenly spaced masks of a clip: uint8 (time, height, width)."""
    pictures = masks.pictures(path)
    holes = pictures.read(sorted({int(k) for k in np.linspace(0, len(pictures) - 1, most)}))
    if len({hole.shape for hole in holes}) > 1:
        raise VideoError(f"{path} must hold masks of one size.")
    return np.stack(holes)


def _listed(subject: str, status: str, names: Sequence[str]) -> Finding:
    if not names:
        return Finding(subject, "ok", "none")
    more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return Finding(subject, status, f"{len(names)}: {'; '.join(names[:NAMED])}{more}")
