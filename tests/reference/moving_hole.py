"""A hole like a walking figure, and what is measured inside it."""

import cv2
import numpy as np
import torch


def moving_hole(num_frames, height, width):
    """A body and a head that cross the picture; uint8 (num_frames, height, width), 1 = missing."""
    hole = np.zeros((num_frames, height, width), np.uint8)
    for t in range(num_frames):
        along = t / max(1, num_frames - 1)
        x, y = int(width * (0.15 + 0.7 * along)), int(height * (0.55 + 0.1 * np.sin(6 * along)))
        cv2.ellipse(hole[t], (x, y), (width // 14, height // 6), 20 * np.sin(9 * along), 0, 360, 1, -1)
        cv2.circle(hole[t], (x, y - height // 5), height // 14, 1, -1)
    return hole


def as_tensors(frames, hole):
    """Turn uint8 (time, height, width, 3) and (time, height, width) into a video and its hole."""
    video = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].float() / 255
    return video, torch.from_numpy(hole)[None, :, None].float()


def decibels_inside(filled, video, hole):
    """Peak signal-to-noise ratio over the pixels of the hole, peak 1."""
    inside = (hole > 0).expand_as(video)
    return -10 * torch.log10((filled - video)[inside].square().mean().clamp(min=1e-10)).item()
