"""Read a folder of PNG, JPEG, ... frames, or one of them, as a video; read one image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from lgtsm.video.errors import VideoError
from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, natural_key
from lgtsm.video.reader import Picture, VideoReader, check_indices


class FrameFolder(VideoReader):
    """Read the images of a folder as frames, in natural order (2 before 10).

    Gray becomes RGB, 16 bits become 8, transparency is dropped, and JPEGs are rotated by their EXIF tag.

    Args:
        path: the folder; other files and hidden files are ignored. Or one image: a video of one frame.
        fps: frames per second to report.
        check_sizes: check the size of every frame at once, not only when it is read.
        known: an earlier reader of the same folder, to reuse its file list and frame size.

    Raises:
        VideoError: the folder is missing or has no images, or an image is unreadable or of another size.
    """

    def __init__(
        self, path: str | Path, fps: Fraction | int = 25, check_sizes: bool = True, known: FrameFolder | None = None
    ):
        self.path = Path(path)
        self.fps = Fraction(fps)
        if known is not None:
            self.files, self.height, self.width = known.files, known.height, known.width
            return
        self.files = list_images(self.path) if self.path.is_dir() else [self.path]
        size, first = image_size(self.files[0]), self.files[0].name
        for file in self.files[1:] if check_sizes else []:
            if image_size(file) != size:
                raise VideoError(
                    f"{self.path} must hold frames of one size; {first} is {size[0]}x{size[1]} but {file.name} is "
                    f"{'x'.join(map(str, image_size(file)))}. Resize or remove it."
                )
        self.height, self.width = read_image(self.files[0]).shape[:2]

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self._read_one, range(len(self)))

    def pictures(self) -> Iterator[Picture]:
        """Yield every frame in order with the path of its image."""
        return map(Picture, self, self.files)

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return frames, as `VideoReader.read`."""
        frames = [self._read_one(index) for index in check_indices(self.path, indices, len(self))]
        return np.stack(frames) if frames else np.empty((0, self.height, self.width, 3), np.uint8)

    def _read_one(self, index: int) -> np.ndarray:
        frame = read_image(self.files[index])
        if frame.shape[:2] != (self.height, self.width):
            raise VideoError(
                f"{self.files[index]} must be {self.width}x{self.height} like the first frame; it is "
                f"{frame.shape[1]}x{frame.shape[0]}. Resize or rotate it."
            )
        return frame


def is_images(path: Path) -> bool:
    """Return whether a path is a folder or one still image, to be read by `FrameFolder`.

    Raises:
        VideoError: it is a TIFF file of several pages.
    """
    if path.is_dir():
        return True
    if path.suffix.lower() not in IMAGE_EXTENSIONS or not path.is_file():
        return False
    try:
        with Image.open(path) as image:
            pages = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
            is_tiff = image.format == "TIFF"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True  # the reader says what is wrong
    if pages > 1 and is_tiff:
        raise VideoError(f"{path} must hold one picture; it holds {pages} pages. Save them as images in a folder.")
    return pages == 1  # FFmpeg reads animations


def list_images(folder: Path) -> list[Path]:
    """List the images in a folder, without its subfolders, in natural order.

    Raises:
        VideoError: there are none.
    """
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    images = [file for file in files if file.suffix.lower() in IMAGE_EXTENSIONS]
    if not images:
        videos = sum(file.suffix.lower() in VIDEO_EXTENSIONS for file in files)
        there = f"{videos} video files. Name one of them" if videos else "none. Name the folder with the frames"
        raise VideoError(f"{folder} must hold frames ({', '.join(sorted(IMAGE_EXTENSIONS))}); it holds {there}.")
    return sorted(images, key=lambda file: natural_key(file.name))


def image_size(file: Path) -> tuple[int, int]:
    """Return (width, height) of an image from its header alone."""
    try:
        with Image.open(file) as image:
            return image.size
    except (UnidentifiedImageError, OSError) as error:
        raise _unreadable(file) from error


def read_image(file: Path) -> np.ndarray:
    """Read one image as (height, width, 3) uint8 RGB.

    Raises:
        VideoError: it is missing, truncated, or not an image.
    """
    data = np.fromfile(file, np.uint8) if file.is_file() else np.empty(0, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise _unreadable(file)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _unreadable(file: Path) -> VideoError:
    return VideoError(f"{file} must be an image (PNG, JPEG, ...); it cannot be decoded. Save it again or remove it.")
