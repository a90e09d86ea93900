"""Clips of video with holes, for training and evaluation. The names below load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgtsm.lazy_names import on_first_use

if TYPE_CHECKING:
    from lgtsm.data.batch import as_floats
    from lgtsm.data.candidates import CandidateClips
    from lgtsm.data.clips import InpaintingClips, MixedVideos, VideoSource
    from lgtsm.data.davis import DAVISMasks, DAVISVideos
    from lgtsm.data.face_forensics import FaceForensicsMasks, FaceForensicsVideos
    from lgtsm.data.folder import FolderVideos
    from lgtsm.data.fvi import FVIMasks, FVIVideos
    from lgtsm.data.sampling import StreamBatches
    from lgtsm.data.stored_masks import StoredMasks
    from lgtsm.data.synthetic import SyntheticVideos

_MODULES = {
    "CandidateClips": "lgtsm.data.candidates",
    "DAVISMasks": "lgtsm.data.davis",
    "DAVISVideos": "lgtsm.data.davis",
    "FVIMasks": "lgtsm.data.fvi",
    "FVIVideos": "lgtsm.data.fvi",
    "FaceForensicsMasks": "lgtsm.data.face_forensics",
    "FaceForensicsVideos": "lgtsm.data.face_forensics",
    "FolderVideos": "lgtsm.data.folder",
    "InpaintingClips": "lgtsm.data.clips",
    "MixedVideos": "lgtsm.data.clips",
    "StoredMasks": "lgtsm.data.stored_masks",
    "StreamBatches": "lgtsm.data.sampling",
    "SyntheticVideos": "lgtsm.data.synthetic",
    "VideoSource": "lgtsm.data.clips",
    "as_floats": "lgtsm.data.batch",
}
__all__ = [
    "CandidateClips",
    "DAVISMasks",
    "DAVISVideos",
    "FVIMasks",
    "FVIVideos",
    "FaceForensicsMasks",
    "FaceForensicsVideos",
    "FolderVideos",
    "InpaintingClips",
    "MixedVideos",
    "StoredMasks",
    "StreamBatches",
    "SyntheticVideos",
    "VideoSource",
    "as_floats",
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _MODULES)
