"""Keep the stored samples of a frame wherever nothing was filled, without a detour through RGB."""

from __future__ import annotations

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.alpha import continue_alpha
from lgtsm.video.color import ACCURATE, ColorTags
from lgtsm.video.orientation import Orientation
from lgtsm.video.planes import color_bytes, samples


class KnownSamples:
    """Put the samples of changed pixels into the stored frame, so that all others reach the encoder bit for bit.

    Stored frames of another pixel format are converted by swscale without RGB. Only alpha is kept if the colors have
    other tags than the output.

    Args:
        tags: the output's color tags.
        moved: whether the output puts chroma elsewhere; then all chroma comes from the filled frame.
    """

    def __init__(self, tags: ColorTags, moved: bool):
        self._tags, self._moved = tags, moved
        self._reformatter = pyav.load().video.reformatter.VideoReformatter()

    def keep(self, source, made, changed: np.ndarray):
        """Return the frame to encode.

        A chroma sample changes if any of its pixels does. Alpha continues from around the changed pixels.

        Args:
            source: a decoded frame of PyAV, as stored; used up.
            made: the filled frame, upright, in the output's format.
            changed: bool (height, width), upright.
        """
        orientation = Orientation.of_frame(source)
        same_colors = self._same_colors(source, made)
        has_alpha = any(part.is_alpha for part in made.format.components)
        if not same_colors and not has_alpha:
            return made
        range_ = 2 if self._is_full(source) else 1
        stored = self._reformatter.reformat(
            source, format=made.format.name, src_color_range=range_, dst_color_range=range_, interpolation=ACCURATE
        )
        chroma = {part.plane for part in made.format.components if part.is_chroma and not made.format.is_rgb}
        if same_colors and not self._moved and orientation == Orientation():
            stored.make_writable()
            for number, (old, new) in enumerate(zip(samples(stored), samples(made))):
                where = per_sample(changed, old.shape[:2], stored.interlaced_frame)
                for byte in color_bytes(made.format, number, old.shape[2]):
                    np.copyto(old[..., byte], new[..., byte], where=where)
            stored.colorspace, stored.color_range = made.colorspace, made.color_range
            stored.color_primaries, stored.color_trc = made.color_primaries, made.color_trc
            stored.pict_type = 0  # the encoder's choice
            self._continue_alpha(stored, changed)
            return stored
        made.make_writable()
        for number, (old, new) in enumerate(zip(samples(stored), samples(made))):
            old, colors = orientation.apply(old), color_bytes(made.format, number, new.shape[2])
            stays = same_colors and old.shape == new.shape and not (number in chroma and self._moved)
            known = ~per_sample(changed, new.shape[:2], False)
            for byte in range(new.shape[2]):
                if byte not in colors:
                    new[..., byte] = old[..., byte]
                elif stays:
                    np.copyto(new[..., byte], old[..., byte], where=known)
        self._continue_alpha(made, changed)
        return made

    @staticmethod
    def _continue_alpha(frame, changed: np.ndarray) -> None:
        if not changed.any() or not any(part.is_alpha for part in frame.format.components):
            return
        for number, plane in enumerate(samples(frame)):
            colors = color_bytes(frame.format, number, plane.shape[2])
            first = next((byte for byte in range(plane.shape[2]) if byte not in colors), None)
            if first is not None:
                size = plane.shape[2] - len(colors)
                alpha = plane[..., first : first + size].view(f"{'>' if frame.format.is_big_endian else '<'}u{size}")
                alpha[..., 0] = continue_alpha(alpha[..., 0].astype(f"u{size}"), changed)

    def _same_colors(self, source, made) -> bool:
        """Return whether both name the same colors by the same numbers."""
        if source.format.is_rgb or made.format.is_rgb or source.format.name == "pal8":
            return source.format.is_rgb and made.format.is_rgb
        gray = source.format.name.startswith("gray"), made.format.name.startswith("gray")
        if any(gray):
            return all(gray)
        known = ColorTags(int(source.colorspace), range=2 if self._is_full(source) else 1)
        return known.swscale_matrix == self._tags.swscale_matrix and (known.range == 2) == (self._tags.range == 2)

    @staticmethod
    def _is_full(frame) -> bool:
        return frame.format.name.startswith("yuvj") or int(frame.color_range) == 2


def per_sample(changed: np.ndarray, shape: tuple[int, int], interlaced: bool) -> np.ndarray:
    """Return for each sample of a plane of this shape whether one of its pixels changed, bool."""
    down, across = -(-changed.shape[0] // shape[0]), -(-changed.shape[1] // shape[1])
    if down == across == 1:
        return changed
    padded = np.zeros((shape[0] * down, shape[1] * across), bool)
    padded[: changed.shape[0], : changed.shape[1]] = changed
    parts = [padded[row::down, column::across] for row in range(down) for column in range(across)]
    found = np.logical_or.reduce(parts)
    if interlaced and down == 2:
        # Two rows of chroma, one of each field, share four rows of luma.
        pairs = found[: len(found) // 2 * 2].reshape(-1, 2, shape[1])
        pairs |= pairs[:, ::-1].copy()
    return found
