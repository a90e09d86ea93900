"""Write the streaming step of a network as an ONNX file, and check it with ONNX Runtime."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lgtsm.export.onnx_stream import INPUTS, OnnxStream
from lgtsm.models.frame_step import FrameStep
from lgtsm.optional import require
from lgtsm.places import check_place
from lgtsm.version import __version__
from lgtsm.whole_files import whole_file

TOLERANCE = 1e-4
OPEN_SIZES: tuple[tuple[int, int], ...] = ((64, 96), (40, 128))  # a file for any size is checked at these
EXTRA_FRAMES = 3  # of the test clip, beyond the delay
OUTPUTS = ("filled", "filled_valid")


@dataclasses.dataclass(frozen=True)
class Export:
    """The written file.

    bytes: its size. nodes: operations in its graph. opset: their ONNX version. delay: steps until a frame comes out.
    difference: largest to PyTorch, of values in [0, 1], over `frames` compared frames. inputs: names and shapes; open
    sizes are words.
    """

    path: Path
    bytes: int
    nodes: int
    opset: int
    delay: int
    difference: float
    frames: int
    inputs: dict[str, list[int | str]]


def export_onnx(model: nn.Module, path: str | Path, height: int | None = None, width: int | None = None) -> Export:
    """Write the streaming step of a network, one frame in and one out, with its state as inputs and outputs.

    Inputs are frame, hole, valid and one state.NAME for each tensor of the state; outputs are filled, filled_valid and
    one next.NAME for each; see `lgtsm.models.frame_step.FrameStep`. The metadata holds the network's name, reach and
    delay, and the state's shapes. ONNX Runtime then fills random clips with the file, and the file is kept only if the
    network fills the whole clips alike.

    Args:
        model: lgtsm, gtsm or tsm.
        path: ends in .onnx; an old file stays until the new one is complete.
        height, width: of the frames, in pixels; leave both out for a file that takes any multiples of 4.

    Raises:
        ValueError: the network, size or path is invalid, or the file's frames differ from PyTorch's.
        MissingPackageError: onnx, onnxscript or onnxruntime is not installed.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise ValueError(f"An ONNX file must end in .onnx; got {path}.")
    check_place(path)
    sizes = OPEN_SIZES
    if height is not None and width is not None:
        if min(height, width) < 1:
            raise ValueError(f"`height` and `width` must be at least 1 pixel; got {height} and {width}.")
        sizes = ((height, width),)
    elif height is not None or width is not None:
        raise ValueError("Give both `height` and `width` for frames of one size, or neither for any size.")
    onnx, *_ = (require(name, "exporting to ONNX", "lgtsm[export]") for name in ("onnx", "onnxscript", "onnxruntime"))
    step = FrameStep(model)
    open_sizes = _open_sizes(step) if height is None else None
    graph = _graph(step, *sizes[0], open_sizes)
    _describe(graph, step, model, open_sizes)
    with whole_file(path) as temporary:
        onnx.save(graph, temporary)
        difference = max(_compare(temporary, model, step, *size) for size in sizes)
        if not difference <= TOLERANCE:
            raise ValueError(
                f"The ONNX file must match PyTorch within {TOLERANCE}; it differs by {difference:.2g}, so it was not "
                "kept. Try another version of torch, onnxscript or onnxruntime."
            )
        size = temporary.stat().st_size
    shapes = {one.name: _shape(one) for one in graph.graph.input}
    opset = next(one.version for one in graph.opset_import if not one.domain)
    frames = len(sizes) * (step.delay + EXTRA_FRAMES)
    return Export(path, size, len(graph.graph.node), opset, step.delay, difference, frames, shapes)


def _open_sizes(step: FrameStep) -> dict[str, tuple[int, int] | None]:
    """Relate the sides of each tensor of the state to the frame's.

    Returns:
        name -> (times, more), for times · (side / 4) + more pixels; None for a tensor without sides.
    """
    small, large = (step.state_shapes(size, size) for size in (64, 128))
    sizes: dict[str, tuple[int, int] | None] = dict.fromkeys(small)
    for name, shape in small.items():
        if len(shape) == 4:
            times = (large[name][2] - shape[2]) // 16
            sizes[name] = times, shape[2] - 16 * times
    return sizes


def _graph(step: FrameStep, height: int, width: int, open_sizes: dict[str, tuple[int, int] | None] | None):
    """Return the ONNX model of a step, for frames of one size or, with `open_sizes`, of any size."""
    state = step.initial_state(height, width)
    frame, hole = torch.rand(1, 3, height, width), torch.ones(1, 1, height, width)
    shapes = None
    if open_sizes is not None:
        sides = {axis: torch.export.Dim(name, min=4, max=4096) for axis, name in ((2, "rows"), (3, "columns"))}
        whole = _open_dims(sides, (4, 0))
        states = {name: _open_dims(sides, size) for name, size in open_sizes.items()}
        shapes = {"frame": whole, "hole": whole, "valid": {}, "state": states}
    inputs = {"frame": frame, "hole": hole, "valid": torch.ones(1), "state": state}
    program: Any = torch.onnx.export(
        torch.export.export(step, (), inputs, dynamic_shapes=shapes, strict=False),
        input_names=[*INPUTS, *(f"state.{name}" for name in state)],
        output_names=[*OUTPUTS, *(f"next.{name}" for name in state)],
        dynamo=True,
        verbose=False,
    )
    return program.model_proto


def _open_dims(sides: dict, size: tuple[int, int] | None) -> dict:
    """Return torch's dimensions for two axes of length times · side + more."""
    if size is None:
        return {}
    times, more = size
    dims = {axis: times * side if times > 1 else side for axis, side in sides.items()}
    return {axis: dim + more if more > 0 else dim - -more if more else dim for axis, dim in dims.items()}


def _describe(graph, step: FrameStep, model: nn.Module, open_sizes: dict[str, tuple[int, int] | None] | None) -> None:
    """Name the open sizes by height and width, and write the metadata."""
    if open_sizes is not None:
        for one in (*graph.graph.input, *graph.graph.output):
            size: Any = open_sizes[one.name.split(".", 1)[1]] if "." in one.name else (4, 0)
            dims = one.type.tensor_type.shape.dim
            if len(dims) == 4:
                for dim, side in zip(dims[2:], ("height", "width")):
                    dim.dim_param = _formula(side, *size)
        del graph.graph.value_info[:]  # inner sizes, under the exporter's own names
    metadata = {
        "lgtsm": __version__,
        "model": getattr(model, "catalog_entry", None),
        "delay": step.delay,
        "temporal_reach": model.temporal_reach,
        "spatial_reach": model.spatial_reach,
        "size_step": 1 if open_sizes is None else model.size_step,
        "state": {one.name: _shape(one) for one in graph.graph.input if one.name.startswith("state.")},
    }
    for key, value in metadata.items():
        graph.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))


def _formula(side: str, times: int, more: int) -> str:
    return (side if times == 4 else f"{side}//{4 // times}") + (f"{more:+d}" if more else "")


def _shape(one) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in one.type.tensor_type.shape.dim]


@torch.no_grad()
def _compare(path: Path, model: nn.Module, step: FrameStep, height: int, width: int) -> float:
    """Return the largest difference between the file's and the network's frames of a random clip."""
    count = step.delay + EXTRA_FRAMES
    generator = torch.Generator().manual_seed(0)
    video = torch.rand(1, count, 3, height, width, generator=generator)
    hole = (torch.rand(1, count, 1, height, width, generator=generator) > 0.5).float()
    training, device = model.training, next(model.parameters()).device
    expected = model.eval()(video.to(device), hole.to(device))["filled"][0].clamp(0, 1).cpu()
    model.train(training)
    filled = list(OnnxStream(path).fill(video[0].numpy(), hole[0].numpy()))
    return float(np.abs(np.stack(filled) - expected.numpy()).max()) if len(filled) == count else float("inf")
