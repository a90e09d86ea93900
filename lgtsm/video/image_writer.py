"""Write frames as images: a folder of them, or one picture."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np

from lgtsm.counted import counted
from lgtsm.os_errors import os_sentence
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import IMAGE_EXTENSIONS
from lgtsm.whole_files import name_in_errors

_ENDINGS = {"png": "png", "jpg": "jpg", "jpeg": "jpg", "mjpeg": "jpg", "tif": "tif", "tiff": "tif"}
_ENDINGS |= {"webp": "webp", "bmp": "bmp"}


class ImageSink:
    """Images in a folder, named like their sources, else by number; or one picture.

    Args:
        place: the folder or the file to write.
        target: its final name, for messages.
        ending: of the images in a folder, such as "png"; None writes one picture.
        lossless: keep every bit where the format has a choice.
    """

    def __init__(self, place: Path, target: Path, ending: str | None, lossless: bool = False):
        self.place, self.target, self.ending, self.lossless = place, target, ending, lossless
        self._count = 0
        if ending is not None:
            place.mkdir(parents=True)

    def write(
        self,
        frame: np.ndarray,
        shown: Fraction,
        length: Fraction,
        first: bool,
        source: object = None,
        changed: np.ndarray | None = None,
    ) -> None:
        """Write one frame, uint8 (height, width, 3); the times do not count.

        Args:
            frame: RGB, upright.
            shown, length, first: as in `lgtsm.video.encoder.Encoder.write`.
            source: the path of the image that the frame was read from, whose name, depth and metadata it keeps;
                anything else numbers the frame.
            changed: bool (height, width), where it differs from the source; None takes all of it.

        Raises:
            VideoError: a picture gets a second frame, two frames have one name, or the disk is full.
        """
        from lgtsm.video.picture_file import write_picture

        source = source if isinstance(source, Path) else None
        file = self.place
        if self.ending is not None:
            file /= f"{f'{self._count:05d}' if source is None else source.stem}.{self.ending}"
        if self._count and file.exists():
            if self.ending is None:
                raise VideoError(f"{self.target} holds one picture; the video has more. {_elsewhere(self.target)}")
            raise VideoError(
                f"{self.target} cannot hold two frames named {file.name}. Rename {source} or its namesake."
            )
        try:
            with name_in_errors(self.target, self.place):
                write_picture(file, frame, source, changed, self.lossless)
        except OSError as error:
            reason = f"{self.target} cannot be written ({error})." if error.errno is None else os_sentence(error)
            raise VideoError(reason) from error
        self._count += 1

    def finish(self) -> None:
        """Do nothing: the images are already on disk."""

    def abort(self) -> None:
        """Do nothing: the writer removes the folder or file."""


def is_picture_name(path: Path) -> bool:
    """Return whether a name means one picture."""
    return path.suffix.lower() in IMAGE_EXTENSIONS


def check_picture(path: Path, frames: int | None, encoding: Encoding) -> None:
    """Refuse one picture for several frames, and options that its format does not have.

    Args:
        path: the picture to write.
        frames: how many there are; None if nobody knows.
        encoding: codec and losslessness.

    Raises:
        VideoError: with a way out.
    """
    if frames is not None and frames > 1:
        raise VideoError(f"{path} holds one picture; the video has {counted(frames, 'frame')}. {_elsewhere(path)}")
    kind = _ENDINGS[path.suffix.lower().lstrip(".")]
    if encoding.codec is not None and _ENDINGS.get(encoding.codec.lower()) != kind:
        raise VideoError(f"{path} is a picture by its ending, and codec {encoding.codec} is none of it. Omit `codec`.")
    _check_lossless(path, kind, encoding)


def ending_of_folder(path: Path, encoding: Encoding) -> str:
    """Return the ending of the images in a folder.

    Raises:
        VideoError: the codec is none of images, or cannot be lossless.
    """
    kind = _ENDINGS.get((encoding.codec or "png").lower())
    if kind is None:
        raise VideoError(
            f"{path} is a folder, so its images must be of codec png or jpg (or tif, webp, bmp); got "
            f"{encoding.codec!r}. For a video, add an extension such as .mp4."
        )
    _check_lossless(path, kind, encoding)
    return kind


def _check_lossless(path: Path, kind: str, encoding: Encoding) -> None:
    if kind == "jpg" and encoding.lossless:
        raise VideoError(f"{path} cannot be lossless as JPEG. Use PNG, which is always lossless.")


def _elsewhere(path: Path) -> str:
    name = re.sub(r"[-_. ]?%\d*d", "", path.stem) or "frames"
    return f"Name a folder for the frames, such as {path.with_name(name)}/, or a video, such as {name}.mp4."
