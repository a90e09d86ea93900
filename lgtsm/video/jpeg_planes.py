"""Read the planes of a JPEG file as stored, before its chroma is scaled up."""

from __future__ import annotations

import numpy as np

from lgtsm.video import pyav


def stored_planes(jpeg: bytes, height: int, width: int) -> np.ndarray | None:
    """Return Y, Cb and Cr as uint8 (height, width, 3), each chroma sample repeated over the pixels that share it.

    Whoever averages them again, as encoders of JPEG do, gets the stored samples back; those of smooth scaling fade with
    every pass. None for files of other colors.

    Args:
        jpeg: the file.
        height, width: its size as stored, in pixels.
    """
    av = pyav.load()
    try:
        decoder = av.CodecContext.create("mjpeg", "r")
        frames = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError):
        return None
    if len(frames) != 1 or not frames[0].format.name.startswith("yuv") or len(frames[0].planes) != 3:
        return None
    if (frames[0].height, frames[0].width) != (height, width) or frames[0].format.components[0].bits != 8:
        return None
    planes = []
    for plane in frames[0].planes:
        stored = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        down, across = -(-height // plane.height), -(-width // plane.width)
        planes.append(stored.repeat(down, 0).repeat(across, 1)[:height, :width])
    return np.stack(planes, -1)
