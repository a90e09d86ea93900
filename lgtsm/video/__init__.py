"""Files and frames: read videos, frame folders and masks; write videos and keep their sound, timing and colors.

Frames are numpy uint8 RGB, (height, width, 3), or (time, height, width, 3). The names below load on first use;
`probe` is a module with a function of the same name: `from lgtsm.video.probe import probe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgtsm.lazy_names import on_first_use

if TYPE_CHECKING:
    from lgtsm.video.encoding import Encoding
    from lgtsm.video.errors import VideoError
    from lgtsm.video.listing import list_videos
    from lgtsm.video.mask_choice import MaskChoice
    from lgtsm.video.mask_reader import MaskReader, read_mask
    from lgtsm.video.open import open_video
    from lgtsm.video.probe import VideoInfo
    from lgtsm.video.reader import VideoReader
    from lgtsm.video.writer import VideoWriter

_MODULES = {
    "Encoding": "lgtsm.video.encoding",
    "MaskChoice": "lgtsm.video.mask_choice",
    "MaskReader": "lgtsm.video.mask_reader",
    "VideoError": "lgtsm.video.errors",
    "VideoInfo": "lgtsm.video.probe",
    "VideoReader": "lgtsm.video.reader",
    "VideoWriter": "lgtsm.video.writer",
    "list_videos": "lgtsm.video.listing",
    "open_video": "lgtsm.video.open",
    "read_mask": "lgtsm.video.mask_reader",
}
__all__ = [
    "Encoding",
    "MaskChoice",
    "MaskReader",
    "VideoError",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "list_videos",
    "open_video",
    "read_mask",
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _MODULES)
