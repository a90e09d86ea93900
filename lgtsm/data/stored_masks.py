"""Read masks from files and crop them like their clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from lgtsm.checks import check_choice
from lgtsm.data.transforms import Window
from lgtsm.masks import dilate_hole
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import list_videos, natural_key
from lgtsm.video.mask_edit import Mask
from lgtsm.video.mask_pictures import MEANINGS, MaskPictures


class StoredMasks:
    """Mask clips for a `FolderVideos`: a folder of image folders or videos.

    A mask clip that is too short repeats its last frame; one of another size is scaled to the video.

    Args:
        folder: folder of mask clips, at any depth.
        meaning: "valid", "hole" or "objects", see `lgtsm.video.mask_pictures.MaskPictures`.
        pair: "order" pairs the sorted mask clips with the sorted videos, and starts over if there are too few; "name"
            pairs clips and frames by name, and a frame without a mask takes the last one before it.
        dilate: grow the hole by N pixels of the clip.
        every_video: whether `lgtsm check_data` expects a mask clip for each video; a bin of random masks may have
            fewer.
        order: how the mask clips are sorted, "natural" or "plain", see `lgtsm.video.listing.list_videos`.

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
        order: str = "natural",
    ):
        check_choice("order", order, ("natural", "plain"))
        check_choice("meaning", meaning, MEANINGS)
        check_choice("pair", pair, ("order", "name"))
        self.folder, self.meaning, self.pair = Path(folder), meaning, pair
        self.dilate, self.every_video = dilate, every_video
        self.paths = list_videos(self.folder, order)
        self._whole: dict[Path, str | None] = {}  # what is wrong with a mask clip, or None
        self._by_name = {path.relative_to(self.folder).with_suffix("").as_posix(): path for path in self.paths}

    def __len__(self) -> int:
        return len(self.paths)

    def path_for(self, name: str | None, position: int) -> Path:
        """Return the mask clip of a video, by its name or its position in the sorted folder of videos.

        A clip without a name is no file and takes the masks in turn.

        Raises:
            VideoError: no mask clip has the video's name.
        """
        if self.pair == "order" or name is None:
            return self.paths[position % len(self.paths)]
        if name not in self._by_name:
            raise VideoError(f"{self.folder / name} must hold the masks of video {name}; there are none.")
        return self._by_name[name]

    def read_hole(self, window: Window) -> np.ndarray:
        """Read the hole of a clip, uint8 (time, height, width), 1 = missing.

        Args:
            window: the window of the clip, from `FolderVideos.read_window`.

        Raises:
            VideoError: the mask is missing or unreadable, or masks nothing or everything in its whole length.
        """
        path = self.path_for(window.name, window.position)
        pictures = self.pictures(path)
        holes = pictures.read(self._choose(pictures, window))
        size = holes[0].shape[::-1]
        holes = [cv2.resize(hole, size, interpolation=cv2.INTER_NEAREST_EXACT) for hole in holes]
        if not any(hole.any() for hole in holes) or all(hole.all() for hole in holes):
            self.check_whole(path)
        hole = window.crop.hole(np.stack(holes))
        return dilate_hole(hole, self.dilate) if self.dilate else hole

    def check_whole(self, path: Path) -> None:
        """Refuse a mask clip as `lgtsm inpaint` does; each is read only once.

        Raises:
            VideoError: it is unreadable, or masks nothing or everything.
        """
        if path not in self._whole:
            try:
                Mask(_Named(self.pictures(path)))
                self._whole[path] = None
            except VideoError as error:
                self._whole[path] = str(error)
        if self._whole[path] is not None:
            raise VideoError(self._whole[path])

    def pictures(self, path: Path) -> MaskPictures:
        """Open one mask clip of the folder."""
        return MaskPictures(path, self.meaning)

    def _choose(self, pictures: MaskPictures, window: Window) -> list[int]:
        """Return the number of the mask for each frame of the clip."""
        if self.pair == "order" or window.frame_names is None or pictures.files is None:
            return [min(number, len(pictures) - 1) for number in window.frames]
        keys = [natural_key(image.stem) for image in pictures.files]
        return [max(0, sum(key <= natural_key(name) for key in keys) - 1) for name in window.frame_names]


class _Named:
    """The holes of a mask clip, with a name and advice for messages."""

    def __init__(self, pictures: MaskPictures):
        self.pictures, self.name, self.settle = pictures, str(pictures.path), pictures.settle
        self.why_empty = f"Check the mask; it is read with meaning={pictures.meaning}."

    def __len__(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.pictures)
