"""Write a protocol's inputs as images, for any program to fill."""

from __future__ import annotations

from pathlib import Path

from lgtsm.evaluation.protocol import Protocol
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.video.pictures import write_png


def write_inputs(protocol: Protocol, folder: str | Path) -> int:
    """Write videos/<kind>/<center>/<video>/<frame>.png with a black hole, and masks/... with a white one.

    Results are read from <results>/<kind>/<center>/<video>/<frame>.png, see `lgtsm.evaluation.methods.ResultsFolder`.

    Returns:
        number of clips written.

    Raises:
        VideoError: a video is unreadable or too short.
    """
    units = protocol.units()
    for unit in units:
        video, hole = protocol.read(unit)
        images = zip(to_uint8(video[0] * (1 - hole[0])), to_uint8(hole.expand_as(video)[0]))
        for number, (frame, mask) in enumerate(images):
            for what, image in (("videos", frame), ("masks", mask)):
                write_png(Path(folder) / what / unit.key / f"{number:05d}.png", image)
    return len(units)
