"""Follow an object through a video, from a box around it."""

from __future__ import annotations

import dataclasses
import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from lgtsm.counted import counted

from .aligned_frames import AlignedFrames, Read

SHORT_SIDE = 240, 480  # pixels to work at, least and most
SMALL = 16  # pixels at that size; the short side grows until a box is not smaller
AROUND = 25  # pixels around the box whose colors are the background's
REACH = 14  # pixels that the object's rim may move away from where it is expected
WEIGHT_COLOR, WEIGHT_DIFFERENCE, WEIGHT_PLACE, WEIGHT_EDGES = 0.5, 0.9, 0.3, 0.7
MOST = 4.0  # of the logarithm of a likelihood ratio
FAST = 15.0  # pixels a frame, the most that an object is expected to move on by itself
SEARCH, SEARCH_MORE, SEARCH_MOST = 8, 3, 40  # pixels around the expected place; more for each frame that it is hidden
WHOLE, HIDDEN, GONE = 0.8, 0.6, 0.25  # of the usual area: the shape is learned, kept, and its place not even sought
LOST_AFTER = 1.0  # seconds
SPILLS = 2.5  # times the area in the box, beside the camera's zoom; then the shape of before is kept
MOVES = 0.08  # of the box's pixels must differ from the background, else colors alone tell the object
SMALLEST_PART = 6  # pixels
NOTHING: Any = None  # OpenCV takes None, its types do not


@dataclasses.dataclass(frozen=True)
class Anchor:
    """A box around the object in one frame: left, top, width, height in pixels."""

    frame: int
    box: tuple[int, int, int, int]


class TrackMask:
    """Holes over one object, followed both ways in time from boxes around it.

    What differs from the background, as other frames show it once the camera's motion is taken out, and what has the
    object's colors, near where the object is expected, is the object. In frames between two boxes, the nearer one
    counts. The object may be hidden for a second; when it is not found again, following stops, and `remarks` says so.

    Args:
        read: returns the frames at some numbers, uint8 (n, height, width, 3), RGB.
        num_frames, fps, size: of the video; size is (height, width), in pixels.
        anchors: one or more.
        cuts: numbers of frames that start a new scene; following ends there.
        progress: called with the number of frames that are done.

    Attributes:
        lost: frames, first and last of each stretch, in which the object was looked for in vain.
        spilled: frames in which the mask grew far beyond the object, and was held to its shape of before.
    """

    name = "The followed object"
    why_empty = "It was not found in its own box. Draw the box closer around it."

    def __init__(
        self,
        read: Read,
        num_frames: int,
        fps: float,
        size: tuple[int, int],
        anchors: Sequence[Anchor],
        cuts: Sequence[int] = (),
        progress: Callable[[int], object] = lambda done: None,
    ):
        self.num_frames, self.fps, self.size = num_frames, fps, size
        self._holes: dict[int, bytes] = {}
        done = itertools.count(1)
        self.lost: list[tuple[int, int]] = []
        self.spilled: list[int] = []
        anchors = sorted(anchors, key=lambda anchor: anchor.frame)
        self._small = _working_size(size, min(min(anchor.box[2:]) for anchor in anchors))
        starts = [0, *cuts, num_frames]
        for first, end in itertools.pairwise(starts):
            here = [anchor for anchor in anchors if first <= anchor.frame < end]
            if here:
                scene = AlignedFrames(read, first, end, self._small)
                self._follow_scene(scene, here, lambda: progress(next(done)))
        progress(num_frames)

    @property
    def remarks(self) -> list[str]:
        """Sentences on where the object was lost, or the mask too large."""
        said = []
        for first, last in self.lost:
            at, until = (f"{frame / self.fps:.1f} s" for frame in (first, last + 1))
            said.append(
                f"The object is hidden, gone or lost from {at} to {until} (frames {first} to {last}), which stay as "
                f"they are. If it is there, add a box at that time to `track`."
            )
        if self.spilled:
            first, count = min(self.spilled), counted(len(self.spilled), "frame")
            said.append(
                f"The mask grew far beyond the object in {count}, first at {first / self.fps:.1f} s (frame {first}). "
                "Look at it there; a box at that time in `track` corrects it."
            )
        return said

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.part(0, self.num_frames)

    def part(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Yield the holes of the frames `start` to `stop` (excluded)."""
        height, width = self.size
        nothing = np.zeros(self.size, np.uint8)
        for number in range(start, stop):
            hole = self.small_hole(number)
            if hole is None:
                yield nothing
                continue
            large = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
            yield (large >= 0.5).astype(np.uint8)

    def small_hole(self, number: int) -> np.ndarray | None:
        """Return the hole of a frame at the size that was worked at, uint8, or None if the object is not there."""
        if number not in self._holes:
            return None
        bits = np.frombuffer(zlib.decompress(self._holes[number]), np.uint8)
        return np.unpackbits(bits, count=self._small[0] * self._small[1]).reshape(self._small)

    def _follow_scene(self, scene: AlignedFrames, anchors: Sequence[Anchor], advance: Callable[[], object]) -> None:
        middles = [(one.frame + other.frame + 1) // 2 for one, other in itertools.pairwise(anchors)]
        bounds = [scene.first, *middles, scene.end]
        for anchor, first, end in zip(anchors, bounds, bounds[1:]):
            for ahead in (False, True):
                numbers = range(anchor.frame + 1, end) if ahead else range(anchor.frame - 1, first - 1, -1)
                self._walk(_Follower(scene, anchor, self._scaled(anchor)), numbers, ahead, advance)

    def _walk(self, follower: _Follower, numbers: range, keep_anchor: bool, advance: Callable[[], object]) -> None:
        if keep_anchor:
            self._keep(follower.number, follower.found)
        waiting: list[int] = []  # frames since it was last found; parts of it may still show
        for number in numbers:
            found = follower.step(number)
            advance()
            if follower.spills:
                self.spilled.append(number)
            if follower.is_gone:
                waiting.append(number)
            else:
                waiting = []
            self._keep(number, found)
            if len(waiting) > LOST_AFTER * self.fps:
                break
        if waiting and len(waiting) > LOST_AFTER * self.fps:
            last = numbers[-1]
            for number in waiting:
                self._holes.pop(number, None)
            self.lost.append((min(waiting[0], last), max(waiting[0], last)))

    def _keep(self, number: int, found: np.ndarray) -> None:
        if found.any():
            self._holes[number] = zlib.compress(np.packbits(found).tobytes(), 1)

    def _scaled(self, anchor: Anchor) -> tuple[int, int, int, int]:
        """Return the anchor's box at the size that is worked at: left, top, right, bottom."""
        (height, width), (rows, columns) = self.size, self._small
        x, y, w, h = anchor.box
        left, top = int(x * columns / width), int(y * rows / height)
        right, bottom = -(-(x + w) * columns // width), -(-(y + h) * rows // height)
        return left, top, min(columns, right), min(rows, bottom)


class _Follower:
    """Walks from frame to frame with what is known of the object."""

    def __init__(self, scene: AlignedFrames, anchor: Anchor, box: tuple[int, int, int, int]):
        self.scene, self.number = scene, anchor.frame
        self.looks = _Looks(decay=0.9)
        place = _segment_box(scene, anchor.frame, box)
        self.place = place  # probability of the object at each pixel, as last seen
        self.shape = place.copy()  # the same, as last seen whole and moved on since
        self.area = float((place > 0.5).sum())
        self.most = SPILLS * self.area  # that it may have; grows with the camera's zoom
        self.spills = False
        self.speed = np.zeros(2)  # pixels a frame against the background, x first
        self.hidden = 0  # frames since it was last seen
        self.share = 1.0  # of its usual area that is seen
        picture = _Picture(scene, anchor.frame)
        self.looks.learn(picture, place, _grown(place > 0.5, 2 * REACH))

    @property
    def found(self) -> np.ndarray:
        """The hole in the frame where it is now, bool (height, width)."""
        return self.place > 0.5

    @property
    def is_gone(self) -> bool:
        return self.share < GONE

    def step(self, number: int) -> np.ndarray:
        """Go on to the next frame; return the hole there, bool (height, width)."""
        picture = _Picture(self.scene, number)
        score = self.looks.score(picture)
        camera = self.scene.camera(self.number, number)
        expected = _moved(cv2.warpPerspective(self.shape, camera, self.shape.shape[::-1]), self.speed)
        reach = min(SEARCH + SEARCH_MORE * self.hidden, SEARCH_MOST)
        shift = _best_shift(score, expected, reach, self.hidden)
        there = _moved(expected, shift)
        prior = there
        if self.share > HIDDEN:
            height, width = self.shape.shape
            from_before = _grid(height, width) + self.scene.flow(number, self.number)
            carried = cv2.remap(self.place, from_before, NOTHING, cv2.INTER_LINEAR)
            prior = 0.5 * there + 0.5 * carried
        score = score + WEIGHT_PLACE * _logit(cv2.GaussianBlur(prior, (0, 0), 2.5))
        score[~_grown(prior > 0.4, REACH)] = -6
        place = _along_edges(score, picture.gray)
        self.place = place = _near_parts(place, prior > 0.5)
        area = float((place > 0.5).sum())
        self.most *= abs(float(np.linalg.det(camera[:2, :2])))
        self.spills = area > self.most
        self.share = area / max(self.area, 1.0)
        if self.spills:
            self.place = np.where(_grown(there > 0.5, 4), place, 0).astype(np.float32)
            self.shape, self.share = there, 1.0
        elif self.share > HIDDEN:
            if self.share > WHOLE and self.hidden == 0:
                self.speed = np.clip(self.speed + 0.4 * shift, -FAST, FAST)
            self.shape = place if self.share > WHOLE else np.maximum(place, 0.99 * there)
            self.hidden = 0
            self.looks.learn(picture, np.where(place > 0.5, place, 0), _grown(place > 0.5, 2 * REACH))
            self.area = 0.9 * self.area + 0.1 * area
        else:
            self.shape = expected if self.is_gone else there
            self.hidden += 1
        self.number = number
        return self.found


class _Picture:
    """What is looked at in a frame: its colors and its difference to the background, in bins, and its gray."""

    def __init__(self, scene: AlignedFrames, number: int):
        frame = scene.frame(number)
        lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.int32)
        lightness, a, b = lab[..., 0] // 16, (lab[..., 1] - 128) // 6 + 8, (lab[..., 2] - 128) // 6 + 8
        a, b = np.clip(a, 0, 15), np.clip(b, 0, 15)  # few colors are stronger
        self.colors = (lightness * _COLORS + a) * _COLORS + b
        self.difference = scene.difference(number)
        self.differences = np.clip(2 * np.sqrt(self.difference), 0, _DIFFERENCES - 1).astype(np.int32)
        self.gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)


_COLORS, _DIFFERENCES = 16, 24  # bins a side, and bins
_SOFT = np.array([0.25, 0.5, 0.25])  # neighboring bins share


class _Looks:
    """Histograms of the object and of the background around it; older frames count less."""

    def __init__(self, decay: float):
        self.decay = decay
        self._colors = np.zeros((2, _COLORS**3))  # background, object
        self._differences = np.zeros((2, _DIFFERENCES))

    def learn(self, picture: _Picture, place: np.ndarray, around: np.ndarray) -> None:
        """Add a frame.

        Args:
            place: probability of the object at each pixel.
            around: bool, the pixels that count.
        """
        for row, weight in enumerate(((1 - place) * around, place * around)):
            colors = np.bincount(picture.colors.ravel(), weight.ravel(), _COLORS**3)
            cube = colors.reshape((_COLORS,) * 3)
            for axis in range(3):
                cube = 0.25 * np.roll(cube, 1, axis) + 0.5 * cube + 0.25 * np.roll(cube, -1, axis)
            self._colors[row] = self.decay * self._colors[row] + cube.ravel()
            differences = np.bincount(picture.differences.ravel(), weight.ravel(), _DIFFERENCES)
            self._differences[row] = self.decay * self._differences[row] + differences

    def score(self, picture: _Picture) -> np.ndarray:
        """Return how much likelier each pixel is the object than the background, (height, width), in logarithms."""
        background, thing = (row / max(row.sum(), 1e-6) for row in self._colors)
        color = np.log((thing + 1e-5) / (background + 1e-5))[picture.colors].astype(np.float32)
        color = np.clip(cv2.GaussianBlur(color, (0, 0), 0.8), -MOST, MOST)
        background, thing = (
            np.convolve(np.pad(row / max(row.sum(), 1e-6), 1, "edge"), _SOFT, "valid") for row in self._differences
        )
        # A larger difference is never less the object.
        ratio = np.maximum.accumulate(np.log((thing + 2e-3) / (background + 2e-3)))
        difference = np.clip(ratio[picture.differences], -MOST, MOST).astype(np.float32)
        return WEIGHT_COLOR * color + WEIGHT_DIFFERENCE * difference


def _segment_box(scene: AlignedFrames, number: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the probability of the object at each pixel, float32, of a frame with a box around it."""
    left, top, right, bottom = box
    inside = np.zeros(scene.size, bool)
    inside[top:bottom, left:right] = True
    around = _grown(inside, AROUND)
    picture = _Picture(scene, number)
    beside = around & ~inside
    usual = max(8.0, float(np.quantile(picture.difference[beside], 0.9))) if beside.any() else 8.0
    moving = inside & (picture.difference > usual)
    if moving.sum() > MOVES * inside.sum():
        place = moving.astype(np.float32)
    else:
        place = _by_color(scene.frame(number), inside)
    for _ in range(4):
        looks = _Looks(decay=1)
        looks.learn(picture, place, around)
        score = looks.score(picture) + 0.4 * _logit(cv2.GaussianBlur(place, (0, 0), 2.5))
        score[~inside] = -6
        found = _along_edges(score, picture.gray)
        if not (found > 0.5).any():
            break
        place = np.where(found > 0.5, found, 0).astype(np.float32)
    return place


def _by_color(frame: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return what differs in color from the surroundings of a box, float32 0 or 1; the whole box if nothing does.

    Source: Rother et al. 2004 (GrabCut).
    """
    if inside.all():
        return inside.astype(np.float32)
    labels = np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(frame[..., ::-1].copy(), labels, NOTHING, *models, 4, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    return (found if found.any() else inside).astype(np.float32)


def _best_shift(score: np.ndarray, expected: np.ndarray, reach: int, hidden: int) -> np.ndarray:
    """Return the shift, x first, up to `reach` pixels each way, that puts the expected shape onto the best scores."""
    rows, columns = np.nonzero(expected > 0.3)
    if len(rows) < 10:
        return np.zeros(2)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    chances = _sigmoid(score) - 0.5
    padded = cv2.copyMakeBorder(chances, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(-0.1,))
    shape = expected[top:bottom, left:right]
    shape = np.where(shape > 0.3, shape, -0.3).astype(np.float32)
    fits = cv2.matchTemplate(padded[top : bottom + 2 * reach, left : right + 2 * reach], shape, cv2.TM_CCORR)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    fits = fits - 0.004 * shape.clip(0).sum() * np.hypot(y, x) / (1 + 0.5 * hidden)
    best = np.unravel_index(np.argmax(fits), fits.shape)
    return np.array([best[1] - reach, best[0] - reach], np.float64)


def _along_edges(score: np.ndarray, gray: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Return probabilities, float32, that change at edges of the picture rather than beside them.

    Source: a mean-field step on a guided filter (He et al. 2010).
    """
    place = _sigmoid(score)
    for _ in range(rounds):
        place = _sigmoid(score + WEIGHT_EDGES * (2 * _guided(gray, place) - 1))
    return place


def _guided(gray: np.ndarray, image: np.ndarray, radius: int = 4, least_contrast: float = 8.0) -> np.ndarray:
    side = (2 * radius + 1,) * 2

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(x, -1, side)

    of_gray, of_image = mean(gray), mean(image)
    slope = (mean(gray * image) - of_gray * of_image) / (mean(gray * gray) - of_gray**2 + least_contrast**2)
    return mean(slope) * gray + mean(of_image - slope * of_gray)


def _near_parts(place: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Drop parts that do not touch the expected place, and specks."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((place > 0.5).astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[np.unique(parts[_grown(expected, 4)])] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= SMALLEST_PART
    kept[0] = False
    return np.where(kept[parts], place, np.minimum(place, 0.3)).astype(np.float32)


def _grown(hole: np.ndarray, pixels: int) -> np.ndarray:
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    return cv2.dilate(hole.astype(np.uint8), disk) > 0


def _moved(image: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(image, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), image.shape[::-1])


def _grid(height: int, width: int) -> np.ndarray:
    """Return the position of every pixel, float32 (height, width, 2), x first."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y], axis=-1).astype(np.float32)


def _logit(chance: np.ndarray, sure: float = 0.05) -> np.ndarray:
    chance = np.clip(chance, sure, 1 - sure)
    return np.log(chance / (1 - chance))


def _sigmoid(score: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-score))).astype(np.float32)


def _working_size(size: tuple[int, int], box_side: int) -> tuple[int, int]:
    """Return (height, width) to work at, so that the box's short side is not too small; small videos grow."""
    short = min(size)
    scale = float(np.clip(SMALL * short / box_side, *SHORT_SIDE)) / short
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
