"""Make the table of docs/scene_pieces.md: python docs/scene_pieces.py METHOD VIDEO ... (needs lgtsm[perceptual])."""

import sys
import time

import numpy as np
import torch

import lgtsm
from lgtsm.inference.options import FillOptions
from lgtsm.masks import MaskMixture
from lgtsm.metrics.stlpips import STLPIPS
from lgtsm.video.open import open_video

WINDOWS = ((10_000, 0, 0), (96, 16, 8), (64, 16, 8), (64, 8, 8), (48, 16, 16), (48, 8, 8), (32, 8, 8), (16, 8, 8))


def score(inpainter, frames, hole):
    """Return PSNR in the hole, ST-LPIPS, change error and CPU seconds a frame."""
    started = time.process_time()
    filled = np.stack(
        list(inpainter.stream(np.where(hole[..., None] > 0, 0, frames), hole, FillOptions(scene_cuts=False)))
    )
    seconds = (time.process_time() - started) / len(frames)
    error = filled.astype(float) - frames
    inside, either = hole > 0, (hole[1:] | hole[:-1]) > 0
    psnr = 10 * np.log10(255**2 / np.square(error[inside]).mean())
    change = np.sqrt(np.square(np.diff(error, axis=0)[either]).mean())
    clip, target = (torch.from_numpy(one[::4]).permute(0, 3, 1, 2)[None] / 255 for one in (filled, frames))
    missing = torch.from_numpy(hole[::4])[None, :, None].float()
    found, _ = STLPIPS().score(clip, target, missing)
    return psnr, float(found["stlpips"]), change, seconds


def main(method, *paths):
    torch.set_num_threads(1)
    mixture = MaskMixture({"object_like": 1.0, "object_like_middle": 1.0}, None, (0.1, 0.25))
    for window in WINDOWS:
        inpainter = lgtsm.Inpainter(lgtsm.create_model(method))
        inpainter.model.window = window
        rows = []
        for number, path in enumerate(paths):
            with open_video(path, "pyav") as video:
                frames = np.stack(list(video))[:128]
            rows.append(score(inpainter, frames, mixture(*frames.shape[:3], (11, number))))
        print(window, *np.mean(rows, axis=0).round(4), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
