"""Files and frames: read videos, frame folders and masks; write videos and keep their sound, timing and colors.

Frames are numpy uint8 RGB, (height, width, 3), or (time, height, width, 3). The names below load on first use;
`probe` is a module with a function of the same name: `from lgtsm.video.probe import probe`.
"""

from __future__ import annotations

import importlib

_PUBLIC = {
    "VideoError": "lgtsm.video.errors",
    "VideoReader": "lgtsm.video.reader",
    "open_video": "lgtsm.video.open",
    "list_videos": "lgtsm.video.listing",
    "VideoInfo": "lgtsm.video.probe",
    "Encoding": "lgtsm.video.encoding",
    "VideoWriter": "lgtsm.video.writer",
    "MaskReader": "lgtsm.video.mask_reader",
    "MaskChoice": "lgtsm.video.mask_choice",
    "read_mask": "lgtsm.video.mask_reader",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'lgtsm.video' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
