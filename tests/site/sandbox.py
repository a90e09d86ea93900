"""A folder with all files that the commands and programs of the documents name."""

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np

import lgtsm
from lgtsm.video.encoding import Encoding
from lgtsm.video.open import open_video
from lgtsm.video.writer import VideoWriter

DATA = Path(__file__).parents[1] / "data"
FRAMES, HEIGHT, WIDTH = 6, 180, 320


def write_video(path, frames):
    """Write frames as a video of 25 frames/s."""
    with VideoWriter(path, 25, *frames[0].shape[:2], Encoding(crf=1)) as writer:
        for frame in frames:
            writer.write(frame)


def make_sandbox(folder):
    """Fill an empty folder."""
    with open_video(DATA / "bmx-trees" / "video.mp4", "pyav") as reader:
        frames = [cv2.resize(frame, (WIDTH, HEIGHT)) for frame in reader.read(range(FRAMES))]
    for frame in frames:  # a subtitle, for --text
        for color, thickness in (((20, 20, 20), 4), ((250, 250, 250), 1)):
            cv2.putText(
                frame, "Nobody told him", (80, 160), cv2.FONT_HERSHEY_SIMPLEX, 0.6, color, thickness, cv2.LINE_AA
            )
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[60:100, 120:180] = 255
    write_video(folder / "clip.mp4", frames)
    write_video(folder / "large.mp4", [cv2.resize(frame, (960, 540)) for frame in frames[:2]])
    for name, pictures in {
        "masks": [np.roll(mask, 2 * t, 1) for t in range(FRAMES)],
        "random_masks": [255 - np.roll(mask, 2 * t, 1) for t in range(FRAMES)],
        "frames": [frame[..., ::-1] for frame in frames],
    }.items():
        (folder / name).mkdir()
        for t, picture in enumerate(pictures):
            cv2.imwrite(str(folder / name / f"{t:05d}.png"), picture)
    cv2.imwrite(str(folder / "mask.png"), mask)
    cv2.imwrite(str(folder / "small_mask.png"), mask[:90, :160])
    cv2.imwrite(str(folder / "black.png"), 0 * mask)
    cv2.imwrite(str(folder / "photo.jpg"), frames[0][..., ::-1])
    for name in ("videos", "masks_of_videos"):
        (folder / name).mkdir()
    for name in ("a", "b"):
        write_video(folder / "videos" / f"{name}.mp4", [cv2.resize(frames[t % FRAMES], (160, 96)) for t in range(20)])
        cv2.imwrite(str(folder / "masks_of_videos" / f"{name}.png"), cv2.resize(mask, (160, 96)))
    with (folder / "pairs.csv").open("w", newline="") as file:
        rows = [[f"videos/{n}.mp4", f"masks_of_videos/{n}.png", f"filled_pairs/{n}.mp4"] for n in ("a", "b")]
        csv.writer(file).writerows([["video", "mask", "output"], *rows])
    write_video(folder / "mask.mkv", [np.repeat(mask[..., None], 3, 2)] * FRAMES)
    lgtsm.save_model(lgtsm.create_model("lgtsm", width=4), folder / "generator.safetensors")
    shutil.copy(DATA / "official" / "lgtsm_nf8.pth", folder / "theirs.pth")
    (folder / "notes.txt").write_text("no video\n")
    (folder / "cut_off.safetensors").write_bytes((folder / "generator.safetensors").read_bytes()[:1000])
    log = folder / "runs" / "mine" / "log" / "version_0"
    log.mkdir(parents=True)
    (log / "metrics.csv").write_text("step,train/total,val/psnr_hole\n10,1.0,\n20,0.5,18.5\n")
    return folder
