"""Read HDR10 metadata from decoded frames, and hand it to encoders that can store it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

# What an encoder's option calls the two facts, and whether it takes steps (CIE x and y in 1/50000, light in
# 1/10000 cd/m2) or plain numbers.
_OPTIONS = {
    "libx264": ("x264-params", "mastering-display", "cll", True),
    "libx265": ("x265-params", "master-display", "max-cll", True),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light", False),
}


@dataclass(frozen=True)
class HDR10:
    """The display that a video was graded on (SMPTE 2086), and its brightest pixel and frame.

    Attributes:
        points: CIE 1931 (x, y) of red, green, blue and white; None if the file does not name them.
        luminance: darkest and brightest light of the display in cd/m2; None if the file does not name it.
        light: MaxCLL and MaxFALL in cd/m2; None if the file does not name them.
    """

    points: tuple[tuple[Fraction, Fraction], ...] | None = None
    luminance: tuple[Fraction, Fraction] | None = None
    light: tuple[int, int] | None = None

    @classmethod
    def of_frame(cls, frame) -> HDR10:
        """Read the side data of a decoded PyAV frame; a frame without any gives three times None."""
        display, light = (frame.side_data.get(name) for name in ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"))
        points = luminance = None
        if display is not None:
            # AVMasteringDisplayMetadata: x and y of R, G, B and white, then min and max, as num / den; two flags.
            *numbers, has_points, has_luminance = struct.unpack("=22i", bytes(display)[:88])
            values = [Fraction(*pair) if pair[1] else Fraction(0) for pair in zip(*[iter(numbers)] * 2, strict=True)]
            points = tuple(zip(values[0:8:2], values[1:8:2], strict=True)) if has_points else None
            luminance = (values[8], values[9]) if has_luminance else None
        levels = (0, 0) if light is None else struct.unpack("=2I", bytes(light)[:8])
        return cls(points, luminance, levels if any(levels) else None)  # 0 is unknown

    def described(self) -> dict[str, str]:
        """Return what there is, in words."""
        said = {}
        if self.points is not None or self.luminance is not None:
            points = [
                f"{name} {float(x):.4f} {float(y):.4f}" for name, (x, y) in zip("RGBW", self.points or (), strict=False)
            ]
            light = [f"{float(value):.4f} cd/m2" for value in self.luminance or ()]
            said["mastering display"] = ", ".join([*points, *light])
        if self.light is not None:
            said["content light level"] = f"MaxCLL {self.light[0]}, MaxFALL {self.light[1]}"
        return said

    def _is_whole(self) -> bool:
        if self.points is None or self.luminance is None:
            return False
        dark, bright = self.luminance
        return all(0 <= value <= 1 for point in self.points for value in point) and 0 <= dark < bright <= 100_000

    def options(self, codec: str) -> dict[str, str]:
        """Return the encoder's option that stores it; empty if the encoder has none."""
        if codec not in _OPTIONS:
            return {}
        option, display, light, in_steps = _OPTIONS[codec]
        params = []
        # The encoders take a display only as a whole, and refuse values that make no sense, with the video.
        if self.points is not None and self.luminance is not None and self._is_whole():
            spots = [_pair(x, y, 50000, in_steps) for x, y in self.points]
            dark, bright = self.luminance
            order = {
                "G": spots[1],
                "B": spots[2],
                "R": spots[0],
                "WP": spots[3],
                "L": _pair(bright, dark, 10000, in_steps),
            }
            params.append(f"{display}=" + "".join(name + value for name, value in order.items()))
        if self.light is not None and max(self.light) <= 65535:
            params.append(f"{light}={self.light[0]},{self.light[1]}")
        return {option: ":".join(params)} if params else {}


def _pair(one: Fraction, other: Fraction, steps: int, in_steps: bool) -> str:
    values = [str(round(value * steps)) if in_steps else f"{float(value):.6f}" for value in (one, other)]
    return f"({','.join(values)})"
