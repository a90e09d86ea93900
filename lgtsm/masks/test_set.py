"""A reproducible test set of masks on disk: kinds x bins x clips, in the layout of FVI."""

from __future__ import annotations

import hashlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from lgtsm.places import make_folder
from lgtsm.sole_writer import SoleWriter
from lgtsm.whole_files import leftovers, remove, whole_folder, write_json, write_text

from .checks import check_kind, check_whole
from .sample import sample_hole

CENTERS = (5, 15, 25, 35, 45, 55, 65)
MANIFEST = "masks.jsonl"
RECIPE = "test_set.json"
CONTACT_SHEET = "contact_sheet.png"
# The paper calls these curve, object and bounding box.
DEFAULT_KINDS = ("rand_curve", "object_like", "box")


class MaskClip(NamedTuple):
    """One clip of a test set, before it is drawn; `center` is the middle of its bin in percent."""

    kind: str
    center: int
    number: int

    @property
    def folder(self) -> str:
        """Its folder, relative to the root of the test set."""
        return f"random_masks/{self.kind}/{self.center}/{self.number:05d}"

    @property
    def bounds(self) -> tuple[float, float]:
        """Bounds of its mean hole share, fractions."""
        return (self.center - 5) / 100, (self.center + 5) / 100

    def seed(self, seed: int) -> tuple[int, ...]:
        """Its own seed, independent of the rest of the test set."""
        return (seed, zlib.crc32(self.kind.encode()), self.center, self.number)


class TestSet(NamedTuple):
    """The recipe of a test set; equal recipes give equal files.

    Attributes:
        kinds: names of `lgtsm.masks.KINDS`; centers: middles of bins in percent; clips: number per kind and bin.
        num_frames, height, width: size of a clip, in frames and pixels.
        seed: a whole number from 0 up; border: pixels at each edge that are never missing; static: nothing moves.
    """

    kinds: Sequence[str] = DEFAULT_KINDS
    centers: Sequence[int] = CENTERS
    clips: int = 10
    num_frames: int = 32
    height: int = 180
    width: int = 320
    seed: int = 0
    border: int = 0
    static: bool = False

    def every_clip(self) -> Iterator[MaskClip]:
        """Yield the clips in the order of the manifest."""
        return itertools.starmap(MaskClip, itertools.product(self.kinds, self.centers, range(self.clips)))

    def check(self) -> None:
        """Raise ValueError for an unknown kind or bin, or a size below 1."""
        for kind in self.kinds:
            check_kind(kind)
        for center in self.centers:
            if not 5 <= center <= 95:
                raise ValueError(f"Name a bin by its middle in percent, such as 5, 15, ..., 65; got {center}.")
        for name in ("clips", "num_frames", "height", "width"):
            check_whole(name, getattr(self, name), 1)

    def draw(self, clip: MaskClip) -> np.ndarray:
        """Draw one clip: uint8 (num_frames, height, width), 1 = missing."""
        size = self.num_frames, self.height, self.width
        return sample_hole(
            clip.kind, *size, clip.seed(self.seed), hole_share=clip.bounds, border=self.border, static=self.static
        )


TestSet.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it by its name


def write_test_set(
    root: str | Path, test_set: TestSet, progress: Callable[[int, int], None] | None = None
) -> list[dict]:
    """Write the PNG folders and the manifest; continue where an earlier call stopped.

    Frames are <root>/random_masks/<kind>/<center>/<clip>/<frame>.png, 255 = valid, 0 = hole. A clip's folder gets its
    name only when all its frames are written.

    Args:
        root: folder of the test set; created if missing.
        test_set: its recipe.
        progress: called with (clips done, clips in all).

    Returns:
        the lines of the manifest: clip, kind, center, seed, mean share, least and greatest share of a frame, sha256 of
        the bytes of its pixels (time, height, width), 1 = missing.

    Raises:
        ValueError: the recipe is invalid, or `root` holds another test set or another process's unfinished one.
    """
    test_set.check()
    root = Path(root)
    lines: list[dict] = []
    wanted = list(test_set.every_clip())
    _claim(root, json.loads(json.dumps({"test_set": test_set._asdict(), "opencv": cv2.__version__})), wanted)
    with SoleWriter(root, inside=True):
        _write_missing(root, test_set, wanted, lines, progress)
        write_text(root / MANIFEST, "".join(json.dumps(line) + "\n" for line in lines))
    return lines


def _write_missing(
    root: Path,
    test_set: TestSet,
    wanted: Sequence[MaskClip],
    lines: list[dict],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write the clips that are not there yet, and collect the lines of the manifest."""
    for done, clip in enumerate(wanted):
        target = root / clip.folder
        record = target / ".clip.json"
        if not record.is_file():
            _write_clip(target, clip, test_set.draw(clip), test_set.seed)
        lines.append(json.loads(record.read_text()))
        if progress is not None:
            progress(done + 1, len(wanted))


def write_png(path: Path, image: np.ndarray, *options: int) -> None:
    """Write a gray image, uint8 (height, width), as PNG with OpenCV's options."""
    done, data = cv2.imencode(".png", image, options)
    if not done:
        raise OSError(f"{path} cannot be encoded as PNG.")
    path.write_bytes(data.tobytes())


def _write_clip(target: Path, clip: MaskClip, hole: np.ndarray, seed: int) -> None:
    """Write the frames of a clip, and its line of the manifest beside them."""
    shares = hole.mean(axis=(1, 2))
    record = {
        "clip": clip.folder,
        "kind": clip.kind,
        "center": clip.center,
        "seed": list(clip.seed(seed)),
        "share": round(float(hole.mean()), 6),
        "share_least": round(float(shares.min()), 6),
        "share_greatest": round(float(shares.max()), 6),
        "sha256": hashlib.sha256(np.ascontiguousarray(hole).tobytes()).hexdigest(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    for rest in leftovers(target):
        remove(rest)
    with whole_folder(target) as temporary:
        for number, frame in enumerate(hole):
            write_png(temporary / f"{number:05d}.png", (1 - frame) * np.uint8(255), cv2.IMWRITE_PNG_BILEVEL, 1)
        (temporary / ".clip.json").write_text(json.dumps(record))


def _claim(root: Path, about: dict, wanted: Sequence[MaskClip]) -> None:
    """Record the recipe in the folder; refuse to mix two test sets, or to replace what others put there."""
    file = root / RECIPE
    if file.is_file():
        found = json.loads(file.read_text())
        differ = [key for key in about["test_set"] if found["test_set"].get(key) != about["test_set"][key]]
        if differ or found["opencv"] != about["opencv"]:
            raise ValueError(
                f"{root} holds another test set: it differs in {', '.join(differ) or 'the version of OpenCV'}. Choose "
                "another folder, or use the same arguments to continue."
            )
        return
    places = [root / MANIFEST, root / CONTACT_SHEET, *(root / clip.folder for clip in wanted)]
    taken = next((place for place in places if place.exists()), None)
    if taken is not None:
        raise ValueError(f"{root} must hold no masks of others; there is {taken}. Choose another folder.")
    make_folder(root)
    write_json(file, about)
