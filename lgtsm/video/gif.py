"""Find the best 256 colors for each frame of a GIF, at constant memory."""

from __future__ import annotations

from fractions import Fraction

import cv2

from lgtsm.video import pyav


class PaletteGraph:
    """Reduce frames of `width` by `height` pixels to 256 colors with FFmpeg's palettegen and paletteuse.

    Each frame gets its own palette. `time_base` is the unit of the frames' pts, in seconds.

    Attributes:
        change: the largest change of a color so far, in levels of 0 to 255.
    """

    def __init__(self, width: int, height: int, time_base: Fraction):
        graph = pyav.load().filter.Graph()
        source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=time_base)
        split = graph.add("split")
        generate = graph.add("palettegen", "stats_mode=single")
        use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
        sink = graph.add("buffersink")
        source.link_to(split)
        split.link_to(generate, 0, 0)
        split.link_to(use, 1, 0)
        generate.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._graph = graph
        self.change = 0

    def apply(self, frame):
        """Return the RGB frame in 256 colors, with the same pts."""
        self._graph.push(frame)
        reduced = self._graph.pull()
        change = cv2.absdiff(frame.to_ndarray(), reduced.to_rgb().to_ndarray())
        self.change = max(self.change, int(change.max()))
        return reduced
