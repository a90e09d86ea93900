"""Draw one random hole from a kind, a seed and, optionally, bounds on the missing share of the clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lgtsm.counted import counted

from .boxes import Boxes, draw_boxes, sample_boxes, sample_static_box
from .checks import check_border, check_hole_share, check_kind, check_seed, check_whole
from .presets import BOXES, PRESETS, STATIC_BOX
from .strokes import Stroke, draw_stroke, sample_strokes

MOST_STROKES = 20
MOST_STROKES_FOR_A_SHARE = 1000
MOST_BOXES_FOR_A_SHARE = 5
TRIES = 60


def sample_hole(
    kind: str,
    num_frames: int,
    height: int,
    width: int,
    seed: int | Sequence[int],
    num_strokes: int | None = None,
    hole_share: Sequence[float] | None = None,
    border: int = 0,
    static: bool = False,
) -> np.ndarray:
    """Draw a random moving hole; the same arguments give the same hole, in every worker and in any order.

    This holds bit for bit within one version of OpenCV: 4.12 and 5.0 differ by a pixel or two.

    Args:
        kind: object_like, object_like_middle, object_like_small, rand_curve, rand_curve_small (strokes), box, or
            static_box (one square that stays where it is).
        num_frames, height, width: size of the clip, in frames and pixels.
        seed: a whole number from 0 up, or a sequence of them, such as (run seed, epoch, sample).
        num_strokes: number of strokes or boxes; None draws 1 to 20, or as many as `hole_share` needs. A static box is
            always one.
        hole_share: (low, high), fractions: the mean over all pixels of the clip is at least low and below high.
        border: pixels at each edge of the frame that are never missing.
        static: use the same hole in every frame.

    Returns:
        (num_frames, height, width) uint8, 1 = missing.

    Raises:
        ValueError: an argument is out of range, or `hole_share` is out of reach; the message says what to do.

    Source: Chang et al. 2019, Free-form Video Inpainting, the released presets; test sets binned by mean hole share.
    Differs: lengths scale with the frame size, see `frame_scale`. The released code draws clips and sorts them into
    bins; we draw a share from the interval, and add strokes one by one or resize boxes until it is met.
    """
    check_kind(kind)
    num_frames = check_whole("num_frames", num_frames, 1)
    height, width = check_whole("height", height, 1), check_whole("width", width, 1)
    seed = check_seed(seed)
    num_strokes = None if num_strokes is None else check_whole("num_strokes", num_strokes, 1)
    border = check_border(border, height, width)
    pen = _Pen(kind, 1 if static else num_frames, height, width, border)
    if hole_share is None:
        rng = generator(seed, 0)
        pen.draw(rng, num_strokes or 1 + int(rng.random() * MOST_STROKES))
    else:
        _meet_share(pen, seed, num_strokes, check_hole_share(hole_share))
    hole = pen.hole
    if border:
        hole[:, :border] = hole[:, -border:] = 0
        hole[:, :, :border] = hole[:, :, -border:] = 0
    return np.repeat(hole, num_frames, axis=0) if static else hole


def generator(seed: tuple[int, ...], stream: int) -> np.random.Generator:
    """Start an independent random stream; the length goes in because (5,) and (5, 0) would seed alike."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((len(seed), *seed), spawn_key=(stream,))))


class _Pen:
    """A hole being drawn."""

    def __init__(self, kind: str, num_frames: int, height: int, width: int, border: int):
        self.kind, self.size, self.border = kind, (num_frames, height, width), border
        self.hole = np.zeros(self.size, np.uint8)
        self.inside = self.hole.view(np.bool_)[:, border : height - border, border : width - border]

    def share(self) -> float:
        """Return the missing share of the clip, not counting the border."""
        return np.count_nonzero(self.inside) / self.hole.size

    def draw(self, rng: np.random.Generator, count: int) -> None:
        if self.kind in BOXES:
            draw_boxes(self.hole, self.sample_boxes(rng, count))
        else:
            for stroke in sample_strokes(rng, PRESETS[self.kind], count, *self.size):
                draw_stroke(self.hole, stroke)

    def sample_boxes(self, rng: np.random.Generator, count: int) -> Boxes:
        """Draw `count` boxes, or the one that does not move."""
        return sample_static_box(rng, *self.size) if self.kind == STATIC_BOX else sample_boxes(rng, count, *self.size)

    def draw_boxes_to(self, rng: np.random.Generator, count: int, aim: float) -> None:
        """Bisect the size of the boxes, in 20 steps, until they cover the share `aim`."""
        boxes = self.sample_boxes(rng, count)
        small, large = 0.0, 2.0 * max(self.size[1:]) / float(boxes.sides.min())
        for _ in range(20):
            factor = (small + large) / 2
            self.hole[:] = 0
            draw_boxes(self.hole, boxes.scaled(factor))
            if self.share() < aim:
                small = factor
            else:
                large = factor

    def draw_strokes_to(self, rng: np.random.Generator, aim: float, high: float) -> bool:
        """Add strokes until they cover `aim`, but drop a last one beyond `high`; return whether they reached `aim`."""
        drawn: list[Stroke] = []
        share = 0.0
        while share < aim and len(drawn) < MOST_STROKES_FOR_A_SHARE:
            for stroke in sample_strokes(rng, PRESETS[self.kind], 4 + len(drawn) // 4, *self.size):
                draw_stroke(self.hole, stroke)
                drawn.append(stroke)
                share = self.share()
                if share >= aim:
                    break
        if share >= high and len(drawn) > 1:
            self.hole[:] = 0
            for stroke in drawn[:-1]:
                draw_stroke(self.hole, stroke)
        return share >= aim


def _meet_share(pen: _Pen, seed: tuple[int, ...], num_strokes: int | None, bounds: tuple[float, float]) -> None:
    low, high = bounds
    most = pen.inside.size / pen.hole.size
    closest, enough, attempt = None, True, 0
    for attempt in range(TRIES if low < most else 0):
        rng = generator(seed, attempt)
        pen.hole[:] = 0
        aim = low + rng.random() * (min(high, most) - low)
        if pen.kind in BOXES:
            pen.draw_boxes_to(rng, num_strokes or 1 + int(rng.random() * MOST_BOXES_FOR_A_SHARE), aim)
        elif num_strokes is None:
            enough = pen.draw_strokes_to(rng, aim, high)
        else:
            pen.draw(rng, num_strokes)
        share = pen.share()
        if low <= share < high and share > 0.0:
            return
        if closest is None or abs(share - (low + high) / 2) < abs(closest - (low + high) / 2):
            closest = share
        if not enough:
            break  # even 1000 strokes fell short: another try would end the same way, slowly
    asked = f"hole_share asks for a mean share of at least {low:g} and below {high:g} of kind {pen.kind}"
    frame = f"{counted(pen.size[0], 'frame')} of height {pen.size[1]} and width {pen.size[2]}"
    if closest is None:
        raise ValueError(
            f"{asked}, but a border of {pen.border} pixels leaves at most {most:.3f} of {frame}. "
            "Lower hole_share, or make the border smaller."
        )
    count = "" if num_strokes is None else f" with num_strokes {num_strokes}"
    raise ValueError(
        f"{asked} in {frame}{count}; the closest of {attempt + 1} tries gave {closest:.3f}. "
        "Widen the interval, " + ("leave num_strokes at None, " if num_strokes else "") + "or choose another kind."
    )
