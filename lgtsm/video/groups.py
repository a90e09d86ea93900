"""Find the groups of pictures of a video that can be copied without being encoded again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.h264_parameters import PICTURE, SEQUENCE, SLICE_OF_IDR, ParameterSets, kind, units_of
from lgtsm.video.interlacing import PROGRESSIVE
from lgtsm.video.orientation import Orientation
from lgtsm.video.probe import VideoInfo

_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")


class CannotCopy(ValueError):
    """Why a video cannot be copied in part, as the end of a sentence."""


@dataclass(frozen=True)
class Group:
    """Pictures `first` to `stop` (excluded), in the order of showing, that are copied or encoded together."""

    first: int
    stop: int
    copied: bool


@dataclass(frozen=True)
class CopyPlan:
    """What is copied.

    groups: all pictures, in order.
    places: (frames,) of each packet as it lies, which picture it is in the order of showing.
    depth: how many pictures a decoder holds back at most to put them in order.
    sets: the parameter sets of the source.
    """

    groups: tuple[Group, ...]
    places: np.ndarray
    depth: int
    sets: ParameterSets


def plan_copy(info: VideoInfo, target: Path, touched: np.ndarray) -> CopyPlan:
    """Plan which groups to copy: those of which no picture is touched.

    Args:
        info: the source, from `probe`.
        target: the output.
        touched: bool (frames,), which pictures change.

    Raises:
        CannotCopy: why none can be copied.
    """
    if info.index is None or not info.index.exact or info.faults:
        raise CannotCopy("its times do not tell its pictures apart, or it is damaged")
    if info.field_order != PROGRESSIVE:
        raise CannotCopy("it is interlaced")
    if info.codec != "h264" or not {info.path.suffix.lower(), target.suffix.lower()} <= set(_SUFFIXES):
        raise CannotCopy("groups are copied only of H.264, from and to .mp4, .mov or .mkv")
    times, starts, sets = _read(info)
    order = np.argsort(np.asarray(times), kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    depth = int((np.arange(len(places)) - places).max())
    groups: list[Group] = []
    for first, stop in pairwise([*starts, len(places)]):
        # A group is closed if no picture of it is shown before its first one, or after the next group begins.
        if places[first:stop].min() != first or places[first:stop].max() != stop - 1:
            raise CannotCopy("its groups of pictures are not closed")
        copied = not touched[first:stop].any()
        if groups and groups[-1].copied == copied:
            first = groups.pop().first
        groups.append(Group(first, stop, copied))
    if not any(group.copied for group in groups):
        raise CannotCopy("pictures are to be filled in each of its groups of pictures")
    return CopyPlan(tuple(groups), places, depth, sets)


def _read(info: VideoInfo) -> tuple[list[int], list[int], ParameterSets]:
    """Return the times of the packets, where groups begin that need nothing before them, and the parameter sets."""
    times: list[int] = []
    starts: list[int] = []
    with pyav.open_input(info.path) as container:
        stream = pyav.video_stream(container)
        frame = next(container.decode(stream), None)
        if frame is None or Orientation.of_frame(frame) != Orientation():
            raise CannotCopy("its pictures are stored turned")
    with pyav.open_input(info.path) as container:
        stream = pyav.video_stream(container)
        sets = ParameterSets.parse(stream.codec_context.extradata)
        if sets is None:
            raise CannotCopy("its parameter sets are not stored in its header")
        known = {*sets.sequences, *sets.pictures}
        for packet in container.demux(stream):
            if not packet.size:
                continue
            if packet.is_discard or packet.pts is None:
                raise CannotCopy("it has packets that are not shown")
            if packet.has_sidedata("new_extradata"):  # an MP4 put together of several
                raise CannotCopy("its parameter sets change on the way")
            units = units_of(bytes(packet), sets.length_size)
            if units is None:
                raise CannotCopy("a packet is damaged")
            if any(kind(unit) in (SEQUENCE, PICTURE) and unit not in known for unit in units):
                raise CannotCopy("its parameter sets change on the way")
            if any(kind(unit) == SLICE_OF_IDR for unit in units):
                starts.append(len(times))
            times.append(packet.pts)
    if len(times) != info.frames or len(set(times)) != len(times):
        raise CannotCopy("its packets are not one picture each")
    if starts[:1] != [0]:
        raise CannotCopy("its groups of pictures are not closed")
    return times, starts, sets
