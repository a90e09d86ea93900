"""Masks from files, cut in the same way as the clip that they belong to."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lgtsm.checks import check_choice
from lgtsm.data.transforms import Window
from lgtsm.masks import dilate_hole
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import list_videos, natural_key
from lgtsm.video.mask_reader import MEANINGS, MaskPictures


class StoredMasks:
    """A folder of mask clips, each a folder of images or a video, for the videos of a `FolderVideos`.

    A mask clip that is shorter than its video repeats its last frame, one of another size is scaled to the video.

    Args:
        folder: folder of mask clips, at any depth.
        meaning: "valid", "hole" or "objects", see `lgtsm.video.mask_reader.MaskPictures`.
        pair: "order": the first mask clip belongs to the first video and so on, both sorted, from the start again where
            there are fewer; "name": a mask clip has its video's name, and a mask its frame's; a frame without a mask
            takes the last one before it.
        dilate: widen the hole by so many pixels of the clip.
        every_video: whether each video should have a mask clip of its own, for `lgtsm check_data`; a bin of random
            masks need not have so many.

    Raises:
        VideoError: the folder is missing or empty.

    Source: Chang et al. 2019, the layout and the pairing rules of the released data sets.
    """

    def __init__(
        self,
        folder: str | Path,
        meaning: str = "valid",
        pair: str = "order",
        dilate: int = 0,
        every_video: bool = True,
    ):
        check_choice("meaning", meaning, MEANINGS)
        check_choice("pair", pair, ("order", "name"))
        self.folder = Path(folder)
        self.meaning = meaning
        self.pair = pair
        self.dilate = dilate
        self.every_video = every_video
        self.paths = list_videos(self.folder)
        self._by_name = {path.relative_to(self.folder).with_suffix("").as_posix(): path for path in self.paths}

    def __len__(self) -> int:
        return len(self.paths)

    def path_for(self, name: str, position: int) -> Path:
        """Return the mask clip of a video by the video's name or by its position in the sorted folder of videos.

        Raises:
            VideoError: pairing by name, and there is none.
        """
        if self.pair == "order":
            return self.paths[position % len(self.paths)]
        if name not in self._by_name:
            raise VideoError(f"{self.folder / name} must hold the masks of video {name}; there are none.")
        return self._by_name[name]

    def read_hole(self, window: Window) -> np.ndarray:
        """Read the hole of a clip.

        Args:
            window: where the clip was cut, from `FolderVideos.read_window`.

        Returns:
            uint8 (time, height, width), 1 = missing.

        Raises:
            VideoError: there is no mask, or it is unreadable.
        """
        pictures = self.pictures(self.path_for(window.name, window.position))
        hole = window.crop.hole(_of_one_size(pictures.read(self._choose(pictures, window))))
        return dilate_hole(hole, self.dilate) if self.dilate else hole

    def pictures(self, path: Path) -> MaskPictures:
        """Open one mask clip of the folder."""
        return MaskPictures(path, self.meaning)

    def _choose(self, pictures: MaskPictures, window: Window) -> list[int]:
        """Return which mask belongs to each frame of the clip."""
        if self.pair == "order" or window.frame_names is None or pictures.files is None:
            return [min(number, len(pictures) - 1) for number in window.frames]
        keys = [natural_key(image.stem) for image in pictures.files]
        return [max(0, sum(key <= natural_key(name) for key in keys) - 1) for name in window.frame_names]


def _of_one_size(holes: list[np.ndarray]) -> np.ndarray:
    height, width = holes[0].shape
    return np.stack(
        [
            hole
            if hole.shape == (height, width)
            else cv2.resize(hole, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
            for hole in holes
        ]
    )
