"""Copy videos into a form that training reads faster: one scene per file, small frames, many key frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from lgtsm.checks import check_positive
from lgtsm.data.transforms import choose_crop
from lgtsm.outputs import identity
from lgtsm.places import contents, make_folder
from lgtsm.sole_writer import SoleWriter
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import list_videos
from lgtsm.video.open import open_video
from lgtsm.video.scene_cuts import SceneCutDetector
from lgtsm.video.writer import VideoWriter
from lgtsm.whole_files import remove, write_json, write_text

MANIFEST = "videos.jsonl"


class Preparation(NamedTuple):
    """How to prepare videos; the same options give the same copy.

    Attributes:
        height, width: size of the training clips, in pixels; frames keep their aspect and are never enlarged.
        scale: frames cover this multiple of that size, to leave room for cropping.
        key_frame_distance: most frames between key frames.
        crf: quality of the encoder; 0 is the best.
        least_frames: drop shorter scenes.
        cut: whether to cut at scene changes.
    """

    height: int = 180
    width: int = 320
    scale: float = 1.2
    key_frame_distance: int = 8
    crf: int = 18
    least_frames: int = 16
    cut: bool = True


def prepare_videos(
    source: str | Path, target: str | Path, how: Preparation, progress: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Write the prepared copy and its manifest; go on after an earlier call, with videos that it could not read too.

    Args:
        source: folder of videos or frame folders, at any depth.
        target: folder of the copy, <video>_<scene>.mp4 in the same subfolders; created if missing.
        how: size, quality, and so on.
        progress: called with (videos done, videos in all).

    Returns:
        the lines of the manifest, one per video: "video", "scenes" with file, first frame and number of frames,
        "left_out" frames in scenes that are too short, and "error" if the video cannot be read.

    Raises:
        VideoError: `source` has no videos, one folder holds the other, or `target` holds something else, or a copy made
            with other options; or the copy cannot be written.
    """
    source, target = Path(source), Path(target)
    for name in ("height", "width", "scale", "key_frame_distance", "least_frames"):
        check_positive(name, getattr(how, name))
    paths = list_videos(source)
    _check_apart(source, target)
    _claim(target, how)
    with SoleWriter(target, inside=True):
        return _prepare_missing(paths, source, target, how, progress)


def _prepare_missing(
    paths: list[Path], source: Path, target: Path, how: Preparation, progress: Callable[[int, int], None] | None
) -> list[dict[str, Any]]:
    lines = []
    for done, path in enumerate(paths):
        name = path.relative_to(source).with_suffix("").as_posix()
        record = target / ".done" / f"{name}.json"
        line = json.loads(record.read_text()) if record.is_file() else None
        if line is None or "error" in line:  # what could not be read may have been mended
            for scene in line["scenes"] if line is not None else ():
                remove(target / scene["file"])
            line = _prepare_one(path, name, target, how)
            record.parent.mkdir(parents=True, exist_ok=True)
            write_text(record, json.dumps(line))
        lines.append(line)
        if progress is not None:
            progress(done + 1, len(paths))
    write_text(target / MANIFEST, "".join(json.dumps(line) + "\n" for line in lines))
    return lines


def scenes(frames: Iterator[np.ndarray], cut: bool) -> Iterator[tuple[bool, np.ndarray]]:
    """Yield (whether a scene starts here, frame)."""
    detector = SceneCutDetector()
    for number, frame in enumerate(frames):
        yield number == 0 or (cut and detector.is_cut(frame)), frame


class _UnreadableError(Exception):
    """The video cannot be read; the copy could be written."""


def _frames(reader) -> Iterator[np.ndarray]:
    try:
        yield from reader
    except VideoError as error:
        raise _UnreadableError(*error.args) from error


def _open(path: Path):
    try:
        return open_video(path, backend="pyav", allow_gaps=True)
    except VideoError as error:
        raise _UnreadableError(*error.args) from error


def _prepare_one(path: Path, name: str, target: Path, how: Preparation) -> dict[str, Any]:
    line: dict[str, Any] = {"video": name, "scenes": [], "left_out": 0}
    encoding = Encoding(crf=how.crf, key_frame_distance=how.key_frame_distance)
    writer: Any = None
    try:
        with _open(path) as reader:
            size = _size(reader.height, reader.width, how)
            for number, (starts, frame) in enumerate(scenes(_frames(reader), how.cut)):
                if starts:
                    _finish(writer, line, how)
                    file = f"{name}_{number:06d}.mp4"
                    (target / file).parent.mkdir(parents=True, exist_ok=True)
                    line["scenes"].append({"file": file, "first": number, "frames": 0})
                    writer = VideoWriter(target / file, reader.fps, *size, encoding)
                if frame.shape[:2] != size:
                    frame = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA)
                writer.write(frame)
                line["scenes"][-1]["frames"] += 1
        _finish(writer, line, how)
    except BaseException as error:
        if writer is not None:
            writer.abort()
        if not isinstance(error, _UnreadableError):
            raise
        if line["scenes"]:
            line["left_out"] += line["scenes"].pop()["frames"]
        line["error"] = " ".join(str(error).split())
    return line


def _finish(writer: VideoWriter | None, line: dict[str, Any], how: Preparation) -> None:
    if writer is None:
        return
    if writer.frames < how.least_frames:
        writer.abort()
        line["left_out"] += line["scenes"].pop()["frames"]
    else:
        writer.close()


def _size(height: int, width: int, how: Preparation) -> tuple[int, int]:
    """Return the even size that covers the wanted one; never larger than the video."""
    wanted = choose_crop((height, width), how.height, how.width, how.scale).resized
    if wanted[0] >= height:
        wanted = height, width
    rows, columns = (max(2, length - length % 2) for length in wanted)
    return rows, columns


def _check_apart(source: Path, target: Path) -> None:
    one, other = source.resolve(), target.resolve()
    if identity(source) == identity(target) or one in other.parents or other in one.parents:
        raise VideoError(f"{target} must be apart from the videos in {source}; one holds the other. Name another.")


def _claim(target: Path, how: Preparation) -> None:
    """Record the options in the folder; refuse to mix two copies, or a copy with files of others."""
    file = target / "prepared.json"
    if not file.is_file() and target.is_dir() and contents(target):
        raise VideoError(f"{target} must be a new or empty folder, or a copy to continue; it is neither. Name another.")
    if file.is_file() and json.loads(file.read_text()) != how._asdict():
        raise VideoError(
            f"{target} holds a copy made with other options (see {file.name}). Choose another folder, or use the same "
            "options to continue."
        )
    make_folder(target)
    write_json(file, how._asdict())
