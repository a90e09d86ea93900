"""Read a folder of PNG, JPEG, ... frames, or one of them, as a video; read one image."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from lgtsm.regular_file import cannot_read, check_file, check_folder, check_kind, is_folder
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_names import check_no_hole, check_not_twice
from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, natural_key
from lgtsm.video.pyav import MAX_PIXELS, too_large
from lgtsm.video.reader import Picture, VideoReader, check_indices

AN_IMAGE = "an image (PNG, JPEG, ...)"


class FrameFolder(VideoReader):
    """Read the images of a folder as frames, in natural order (2 before 10).

    Gray becomes RGB, 16 bits become 8, transparency is dropped, and JPEGs are rotated by their EXIF tag.

    Args:
        path: the folder; other files and hidden files are ignored. Or one image: a video of one frame.
        fps: frames per second to report.
        check_all: check at once that all frames are of one size and that no number is missing; else sizes are checked
            when a frame is read.
        known: an earlier reader of the same folder, to reuse its file list and frame size.
        allow_gaps: take a folder whose numbers leave some out, like 1, 2, 4.

    Raises:
        VideoError: the folder is missing or has no images, a frame is there twice or missing, or an image is
            unreadable or of another size.
    """

    def __init__(
        self,
        path: str | Path,
        fps: Fraction | int = 25,
        check_all: bool = True,
        known: FrameFolder | None = None,
        allow_gaps: bool = False,
    ):
        self.path = Path(path)
        self.fps = Fraction(fps)
        self.files: list[Path]
        self.height: int
        self.width: int
        if known is not None:
            self.files, self.height, self.width = known.files, known.height, known.width
            return
        in_folder = is_folder(self.path, "a folder of frames, or an image")
        self.files = list_images(self.path, allow_gaps or not check_all) if in_folder else [self.path]
        size, first = image_size(self.files[0]), self.files[0].name
        for file in self.files[1:] if check_all else []:
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
        VideoError: it is a TIFF file of several pages, or nothing can be read there.
    """
    if is_folder(path, "a video file or a folder of frames"):
        return True
    if path.suffix.lower() not in IMAGE_EXTENSIONS or not path.is_file():
        return False
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:  # Pillow warns of large ones
            pages = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
            is_tiff = image.format == "TIFF"
    except Exception:  # Pillow's decoders raise anything: SyntaxError, struct.error, OverflowError, ...
        return True  # the reader says what is wrong
    if pages > 1 and is_tiff:
        raise VideoError(f"{path} must hold one picture; it holds {pages} pages. Save them as images in a folder.")
    return pages == 1  # FFmpeg reads animations


def list_images(folder: Path, allow_gaps: bool = False) -> list[Path]:
    """List the images in a folder, without its subfolders, in natural order.

    Args:
        folder: the folder.
        allow_gaps: take numbers that leave some out, like 1, 2, 4.

    Raises:
        VideoError: there are none, one is no regular file, one is there twice, or a number is missing.
    """
    what = "a folder of frames"
    try:
        check_folder(folder, what)
        names = sorted((file for file in folder.iterdir() if not file.name.startswith(".")), key=lambda file: file.name)
    except OSError as error:
        raise cannot_read(folder, what, error) from error
    images = [file for file in names if file.suffix.lower() in IMAGE_EXTENSIONS]
    if not images:
        videos = sum(file.suffix.lower() in VIDEO_EXTENSIONS for file in names)
        there = f"{videos} video files. Name one of them" if videos else "none. Name the folder with the frames"
        raise VideoError(f"{folder} must hold frames ({', '.join(sorted(IMAGE_EXTENSIONS))}); it holds {there}.")
    images.sort(key=lambda file: natural_key(file.name))
    for file in images:
        check_kind(file, AN_IMAGE)
    check_not_twice(folder, images)
    if not allow_gaps:
        check_no_hole(folder, images)
    return images


def image_size(file: Path, what: str = AN_IMAGE) -> tuple[int, int]:
    """Return (width, height) of an image from its header alone; `what` names it in sentences.

    Raises:
        VideoError: it is missing, not an image, or of too many pixels.
    """
    check_file(file, what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes below our limit
            with Image.open(file) as image:
                size = image.size
    except Image.DecompressionBombError as error:
        raise VideoError(
            f"{file} must be {what} of at most {MAX_PIXELS // 10**6} million pixels; its header says more "
            f"({str(error).split(',')[0].lower()}). It is damaged, or must be scaled down first."
        ) from error
    except Exception as error:  # Pillow's decoders raise anything: SyntaxError, struct.error, OverflowError, ...
        raise _unreadable(file, what) from error
    if size[0] * size[1] > MAX_PIXELS:
        raise VideoError(too_large(file, *size))
    return size


def read_image(file: Path) -> np.ndarray:
    """Read one image as (height, width, 3) uint8 RGB.

    Raises:
        VideoError: it is missing, truncated, or not an image.
    """
    image_size(file)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # it prints what the error says
    try:
        picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise _unreadable(file) from error
    if picture is None:
        raise _unreadable(file)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _unreadable(file: Path, what: str = AN_IMAGE) -> VideoError:
    return VideoError(f"{file} must be {what}; it cannot be decoded. Save it again or remove it.")
