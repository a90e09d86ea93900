"""Small data sets in the published layouts, made of known pixels."""

from pathlib import Path

import cv2
import numpy as np


def write_frames(folder: Path, num_frames=8, height=20, width=32, ending="png", shade=0) -> None:
    """Frames whose red encodes their number, and whose green rises from left to right."""
    folder.mkdir(parents=True)
    for t in range(num_frames):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[..., 0] = 10 * t
        frame[..., 1] = np.linspace(0, 255, width).astype(np.uint8)
        frame[..., 2] = shade
        cv2.imwrite(str(folder / f"{t:05d}.{ending}"), frame[..., ::-1])


def write_masks(folder: Path, num_frames=8, height=20, width=32, invert=False, size=6) -> None:
    """PNG masks, 255 = valid, with a square hole that moves to the right with time."""
    folder.mkdir(parents=True)
    for t in range(num_frames):
        mask = np.full((height, width), 255, np.uint8)
        mask[5 : 5 + size, 4 + t : 4 + t + size] = 0
        cv2.imwrite(str(folder / f"{t:05d}.png"), 255 - mask if invert else mask)


def fvi_tree(root: Path, train=4, test=3, **options) -> Path:
    """FVI with object masks and one bin of random masks in Test."""
    for split, count in {"Train": train, "Test": test}.items():
        for k in range(count):
            write_frames(root / split / "JPEGImages" / f"video{k}", ending="jpg", shade=40 * k, **options)
    for k in range(test):
        write_masks(root / "Test" / "object_masks" / f"video{k}", **options)
        write_masks(root / "Test" / "random_masks" / "object_like" / "5" / f"{k:05d}", **options)
    return root


def face_forensics_tree(root: Path, train=4, test=3) -> Path:
    """FaceForensics as lossless video files, with masks as folders."""
    from lgtsm.video.encoding import Encoding
    from lgtsm.video.writer import VideoWriter

    for split, count in {"Train": train, "Test": test}.items():
        (root / split / "videos").mkdir(parents=True)
        for k in range(count):
            with VideoWriter(root / split / "videos" / f"{k:04d}.mp4", 25, 32, 32, Encoding(lossless=True)) as writer:
                for t in range(10):
                    writer.write(np.full((32, 32, 3), 20 * t + k, np.uint8))
            write_masks(root / split / "masks" / f"{k:04d}", 6, 32, 32)
    return root


def davis_tree(root: Path) -> Path:
    """DAVIS: palettes as object labels, lists of the splits."""
    from PIL import Image

    for k, name in enumerate(("bear", "camel", "dog")):
        write_frames(root / "JPEGImages" / "480p" / name, shade=40 * k)
        folder = root / "Annotations" / "480p" / name
        folder.mkdir(parents=True)
        for t in range(8):
            labels = np.zeros((20, 32), np.uint8)
            labels[8:12, 10 + t : 14 + t] = 1
            labels[14:16, 2:5] = 2
            image = Image.fromarray(labels, "P")
            image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [0] * 759)
            image.save(folder / f"{t:05d}.png")
    lists = root / "ImageSets" / "2017"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("bear\ndog\n")
    (lists / "val.txt").write_text("camel\n")
    return root
