"""Clips of known stored samples: smooth noise that moves, in any pixel format, siting, field order and matrix."""

from fractions import Fraction

import av
import cv2
import numpy as np

from lgtsm.video.planes import values
from lgtsm.video.pyav import FilterChain

HEIGHT, WIDTH, FRAMES = 96, 160, 4
SPACES = {"gbr": 0, "bt709": 1, "smpte170m": 6, "bt2020nc": 9, "unknown": 2}
RANGES = {"tv": 1, "pc": 2}


def write_stored(
    path, pix_fmt, siting="unspecified", fields="prog", space="bt709", range="tv", codec="ffv1", **options
):
    """Encode planes of smooth noise as they are; lossless by default."""
    rng = np.random.default_rng(0)
    if siting != "unspecified":
        options["chroma_sample_location"] = siting
    if fields != "prog":
        options["flags"] = "+ilme+ildct"
        if codec == "libx264":
            options["x264-params"] = f"{fields}=1"
    mark = FilterChain(pix_fmt, WIDTH, HEIGHT, ("setparams", f"chroma_location={siting}:field_mode={fields}"))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        context = stream.codec_context
        context.colorspace, context.color_range = SPACES[space], RANGES[range]
        context.field_order = {"prog": 1, "tff": 2, "bff": 3}[fields]
        bases = None
        for number in np.arange(FRAMES):
            frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
            frame.pts, frame.time_base = int(number), Fraction(1, 25)
            planes = values(frame)
            if bases is None:
                bases = [smooth(rng, plane.shape[0], plane.shape[1] + 2 * FRAMES) for plane in planes]
            for plane, base in zip(planes, bases):
                start = 2 * number * plane.shape[1] // WIDTH  # chroma moves with luma
                plane[:] = base[:, start : start + plane.shape[1]] * (1 << (frame.format.components[0].bits - 8))
            frame.colorspace, frame.color_range = SPACES[space], RANGES[range]
            container.mux(stream.encode(mark(frame)))
        container.mux(stream.encode(None))
    return path


def smooth(rng, rows: int, columns: int) -> np.ndarray:
    noise = cv2.GaussianBlur(rng.normal(size=(rows, columns)), (0, 0), 2.0)
    return (128 + 22 * noise / noise.std()).clip(40, 216)


def read_stored(path) -> list[list[np.ndarray]]:
    """Return the planes of every frame."""
    with av.open(str(path)) as container:
        return [[plane.copy() for plane in values(frame)] for frame in container.decode(video=0)]


def shift(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return how far a plane moved, (rows, columns) in samples, by least squares, without its margin."""
    before, after = (plane.astype(np.float64) for plane in (before, after))
    rows, columns = np.gradient((before + after) / 2)
    inner = (slice(6, -6), slice(6, -6))
    system = np.stack([rows[inner].ravel(), columns[inner].ravel(), np.ones(rows[inner].size)], 1)
    return -np.linalg.lstsq(system, (after - before)[inner].ravel(), rcond=None)[0][:2]
