"""Methods to score: a network, a method without weights, or another program's files."""

from __future__ import annotations

import hashlib
import typing
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lgtsm.counted import counted
from lgtsm.evaluation.protocol import Unit
from lgtsm.models.catalog import list_methods, list_models
from lgtsm.models.methods import load_method, shipped_weights
from lgtsm.models.official_weights import load_official
from lgtsm.models.weights import load_model
from lgtsm.ops.compositing import composite
from lgtsm.precision import InPrecision
from lgtsm.regular_file import check_folder
from lgtsm.video.listing import VIDEO_EXTENSIONS
from lgtsm.video.open import open_video


class Filled(NamedTuple):
    """A filled clip (1, time, 3, height, width), and its changes to known pixels.

    changed: share of the known values that differ by half an 8-bit level or more; largest: difference, in levels.
    """

    clip: Tensor
    changed: float
    largest: float


class Method(typing.Protocol):
    """A method to score. `identity` identifies it in plain values; `module` is None for files."""

    name: str
    identity: dict[str, Any]
    module: nn.Module | None

    def fill(self, unit: Unit, video: Tensor, hole: Tensor) -> Filled:
        """Return the filled clip, known pixels put back; ValueError if there is none."""


class ModuleMethod:
    """A network or a method without weights, called method(video, hole)["filled"]."""

    def __init__(self, name: str, module: nn.Module, identity: dict[str, Any]):
        self.name, self.identity = name, identity
        self.module: nn.Module | None = module

    @torch.no_grad()
    def fill(self, unit: Unit, video: Tensor, hole: Tensor) -> Filled:
        """Fill the clip, with the hole blanked out first, so that no method sees the answer."""
        assert self.module is not None
        return checked(video, hole, self.module(torch.where(hole > 0.5, 0.5, video), hole)["filled"])


class ResultsFolder:
    """Results in files, <folder>/<kind>/<center>/<video> or, with one kind and one bin, <folder>/<video>.

    A result is a folder of images, or a video file, with the video's name and the protocol's size; frames beyond the
    protocol's length are ignored.

    Args:
        name: of the method in tables.
        folder: of its results.
        one_cell: whether the protocol has one kind and one bin only.

    Raises:
        ValueError: the folder does not exist.
    """

    module: nn.Module | None = None

    def __init__(self, name: str, folder: str | Path, one_cell: bool = False):
        self.name, self.folder, self.one_cell = name, Path(folder), one_cell
        check_folder(self.folder, f"the folder with the results of {name}")
        self.identity: dict[str, Any] = {"results": str(self.folder)}

    def fill(self, unit: Unit, video: Tensor, hole: Tensor) -> Filled:
        """Read the result of a unit; see `Method`."""
        path = self._find(unit)
        num_frames, height, width = video.shape[1], *video.shape[3:]
        with open_video(path, "pyav", allow_gaps=True) as reader:
            if len(reader) < num_frames or (reader.height, reader.width) != (height, width):
                raise ValueError(
                    f"{path} must have at least {counted(num_frames, 'frame')} of {width}x{height}; it has "
                    f"{len(reader)} of {reader.width}x{reader.height}."
                )
            frames = torch.from_numpy(reader.read(range(num_frames)))
        return checked(video, hole, frames.permute(0, 3, 1, 2)[None].to(video) / 255)

    def _find(self, unit: Unit) -> Path:
        places = [self.folder / unit.key] + ([self.folder / unit.name] if self.one_cell else [])
        for place in places:
            for path in (place, *(place.with_name(place.name + ending) for ending in sorted(VIDEO_EXTENSIONS))):
                if path.exists():
                    return path
        raise ValueError(f"The result {places[0]} (a folder of frames or a video file) does not exist.")


def checked(video: Tensor, hole: Tensor, result: Tensor) -> Filled:
    """Put the known pixels back, and measure how far they were off."""
    known = (hole <= 0.5).expand_as(video)
    wrong = (result.to(video.dtype) - video).abs()[known] * 255
    changed, largest = (float((wrong >= 0.5).double().mean()), float(wrong.max())) if wrong.numel() else (0.0, 0.0)
    return Filled(composite(video, hole, result), changed, largest)


def make_methods(
    fillers: Sequence[str],
    checkpoint: str | Path | None = None,
    name: str = "network",
    results: Sequence[str] = (),
    one_cell: bool = False,
    device: str = "cpu",
    precision: str = "fp32",
    network: nn.Module | Callable[..., nn.Module] | None = None,
) -> list[Method]:
    """Return the named methods, in this order.

    Args:
        fillers: names of `lgtsm.list_methods()`.
        checkpoint: weight file, checkpoint of a run, or authors' checkpoint; None for no network.
        name: of the checkpoint's network in tables.
        results: "NAME:FOLDER" each.
        one_cell: see `ResultsFolder`.
        device: where to compute.
        precision: of the checkpoint's network, "fp32", "bf16" or "fp16"; part of its identity.
        network: for a checkpoint of a class that the catalog does not know; see `lgtsm.load_model`.

    Raises:
        ValueError, FileNotFoundError: a method is unknown or unreadable, or two share a name.
    """
    methods: list[Method] = []
    for filler in fillers:
        if filler not in (known := list_methods()):
            also = " For a network, give its weights with checkpoint=FILE." if filler in list_models() else ""
            raise ValueError(f"methods may hold {', '.join(known)}; got {filler!r}.{also}")
        weights = shipped_weights(filler)
        identity = {"filler": filler} if weights is None else {"filler": filler, "sha256": sha256(weights)}
        methods.append(ModuleMethod(filler, load_method(filler).to(device), identity))
    if checkpoint is not None:
        path = Path(checkpoint)
        network = load_official(path).generator if path.is_dir() else load_model(path, model=network)
        identity = {"checkpoint": path.name, "sha256": sha256(path), "precision": precision}
        methods.append(ModuleMethod(name, InPrecision(network.to(device), precision).eval(), identity))
    for entry in results:
        own, colon, folder = entry.partition(":")
        if not colon or not own or not folder:
            raise ValueError(f"results must be NAME:FOLDER, like results=theirs:out/frames; got {entry!r}.")
        methods.append(ResultsFolder(own, folder, one_cell))
    if not methods:
        raise ValueError("There is nothing to score: name a checkpoint, methods, or results=NAME:FOLDER.")
    names = sorted(method.name for method in methods)
    for first, second in pairwise(names):
        if first == second:
            raise ValueError(f"Every method needs its own name; {first!r} is there twice.")
    return methods


def sha256(path: Path) -> str:
    """Return the hash of a file, or of all files in a folder."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()
