"""The options of a fill and their defaults. Imports nothing heavy, so that parsers may read them."""

from __future__ import annotations

import dataclasses

DEFAULT_CHUNK = 8  # frames at once in a network
SCALED_FEATHER = 8  # pixels, at a working height
SCENE_MEMORY = 4 * 2**30  # bytes for a piece of a scene


@dataclasses.dataclass(frozen=True)
class FillOptions:
    """How to fill.

    working_height: fill at this height, in pixels, and scale the fill back up; None for the video's height.
    feather: pixels over which the fill is blended into the known pixels, inside the hole; None means 8 at a working
        height, else 0.
    scene_cuts: start over at every cut, so that no scene is filled from another one.
    max_memory: bytes that a fill may take; None means 8 frames at once in a network, and 4 GiB in other methods.
    regions: compute only around the hole; False computes whole frames.
    frames_at_once: in a network; None means as many as the memory allows, or 8.
    see_through: bring back the picture under a half-transparent overlay that stays in one place, and fill only what
        is left of its hole; for whole files.

    Raises:
        ValueError: a number is too small.
    """

    working_height: int | None = None
    feather: int | None = None
    scene_cuts: bool = True
    max_memory: int | None = None
    regions: bool = True
    frames_at_once: int | None = None
    see_through: bool = False

    def __post_init__(self):
        for name, least in {"working_height": 1, "feather": 0, "max_memory": 1, "frames_at_once": 1}.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be at least {least}; got {value}.")

    @property
    def feather_pixels(self) -> int:
        """The value of `feather`, default resolved."""
        if self.feather is not None:
            return self.feather
        return SCALED_FEATHER if self.working_height is not None else 0
