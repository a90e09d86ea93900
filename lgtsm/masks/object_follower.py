"""Find an object in a box, and again in the next frame."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from .aligned_frames import AlignedFrames
from .object_looks import Looks, Picture, along_edges, logit, sigmoid

AROUND = 25  # pixels around the box whose colors are the background's
REACH = 14  # pixels that the object's rim may move away from where it is expected
WEIGHT_PLACE = 0.3
FAST = 15.0  # pixels a frame, the most that an object is expected to move on by itself
SEARCH, SEARCH_MORE, SEARCH_MOST = 8, 3, 40  # pixels around the expected place; more for each frame that it is hidden
WHOLE, HIDDEN, GONE = 0.8, 0.6, 0.25  # of the usual area: the shape is learned, kept, and its place not even sought
SPILLS = 2.5  # times the area in the box, beside the camera's zoom; then the shape of before is kept
MOVES = 0.08  # of the box's pixels must differ from the background, else colors alone tell the object
SMALLEST_PART = 6  # pixels
NOTHING: Any = None  # OpenCV takes None, its types do not


class Follower:
    """Walks from frame to frame with what is known of the object.

    Args:
        scene: that it walks through.
        number: of the frame where it starts.
        box: around the object there, in pixels of the scene: left, top, right, bottom.

    Attributes:
        found: the hole in the frame where it is now, bool (height, width).
        is_gone: whether the object is not seen there.
        spills: whether the mask grew far beyond the object there, and was held to its shape of before.
    """

    def __init__(self, scene: AlignedFrames, number: int, box: tuple[int, int, int, int]):
        self.scene, self.number = scene, number
        self.looks = Looks(decay=0.9)
        place = _segment_box(scene, number, box)
        self.place = place  # probability of the object at each pixel, as last seen
        self.shape = place.copy()  # the same, as last seen whole and moved on since
        self.area = float((place > 0.5).sum())
        self.most = SPILLS * self.area  # that it may have; grows with the camera's zoom
        self.spills = False
        self.speed = np.zeros(2)  # pixels a frame against the background, x first
        self.hidden = 0  # frames since it was last seen
        self.share = 1.0  # of its usual area that is seen
        self.looks.learn(Picture(scene, number), place, _grown(place > 0.5, 2 * REACH))

    @property
    def found(self) -> np.ndarray:
        """The hole in the frame where it is now, bool (height, width)."""
        return self.place > 0.5

    @property
    def is_gone(self) -> bool:
        return self.share < GONE

    def step(self, number: int) -> np.ndarray:
        """Go on to the next frame; return the hole there, bool (height, width)."""
        picture = Picture(self.scene, number)
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
        score = score + WEIGHT_PLACE * logit(cv2.GaussianBlur(prior, (0, 0), 2.5))
        score[~_grown(prior > 0.4, REACH)] = -6
        place = along_edges(score, picture.gray)
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


def _segment_box(scene: AlignedFrames, number: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the probability of the object at each pixel, float32, of a frame with a box around it."""
    left, top, right, bottom = box
    inside = np.zeros(scene.size, bool)
    inside[top:bottom, left:right] = True
    around = _grown(inside, AROUND)
    picture = Picture(scene, number)
    beside = around & ~inside
    usual = max(8.0, float(np.quantile(picture.difference[beside], 0.9))) if beside.any() else 8.0
    moving = inside & (picture.difference > usual)
    if moving.sum() > MOVES * inside.sum():
        place = moving.astype(np.float32)
    else:
        place = _by_color(scene.frame(number), inside)
    for _ in range(4):
        looks = Looks(decay=1)
        looks.learn(picture, place, around)
        score = looks.score(picture) + 0.4 * logit(cv2.GaussianBlur(place, (0, 0), 2.5))
        score[~inside] = -6
        found = along_edges(score, picture.gray)
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
    chances = sigmoid(score) - 0.5
    padded = cv2.copyMakeBorder(chances, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(-0.1,))
    shape = expected[top:bottom, left:right]
    shape = np.where(shape > 0.3, shape, -0.3).astype(np.float32)
    fits = cv2.matchTemplate(padded[top : bottom + 2 * reach, left : right + 2 * reach], shape, cv2.TM_CCORR)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    fits = fits - 0.004 * shape.clip(0).sum() * np.hypot(y, x) / (1 + 0.5 * hidden)
    best = np.unravel_index(np.argmax(fits), fits.shape)
    return np.array([best[1] - reach, best[0] - reach], np.float64)


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
