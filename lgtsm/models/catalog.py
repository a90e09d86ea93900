"""Every network and every method without weights by its name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

if TYPE_CHECKING:
    from torch import nn

    from lgtsm.models.combcn import CombCN
    from lgtsm.models.completion import CompletionGenerator
    from lgtsm.models.edge_connect import EdgeConnect
    from lgtsm.models.gated3d import Gated3DGenerator
    from lgtsm.models.lgtsm import GatedShiftGenerator


class Entry(NamedTuple):
    """A class behind a name, imported only to build it.

    target: "module:Class". what: one line for people. is_network: it has weights and can be trained. fixed: options
    that the name sets; proposed: defaults that differ from the class's. weights: the file in `lgtsm/weights` with which
    a network fills without another one.
    """

    target: str
    what: str
    is_network: bool = True
    fixed: Mapping[str, Any] = MappingProxyType({})
    proposed: Mapping[str, Any] = MappingProxyType({})
    weights: str | None = None


_SHIFT = "lgtsm.models.lgtsm:GatedShiftGenerator"
MODELS = {
    "lgtsm": Entry(_SHIFT, "learnable shift, gated convolutions", fixed={"shift": "learnable", "gated": True}),
    "gtsm": Entry(_SHIFT, "fixed shift, gated convolutions", fixed={"shift": "fixed", "gated": True}),
    # A released checkpoint of plain convolutions carries kernels of its own, so the shift stays an option.
    "tsm": Entry(_SHIFT, "fixed shift, plain convolutions", fixed={"gated": False}, proposed={"shift": "fixed"}),
    "gated3d": Entry("lgtsm.models.gated3d:Gated3DGenerator", "space-time gated convolutions"),
    "combcn": Entry("lgtsm.models.combcn:CombCN", "a coarse space-time network, then one for each frame"),
    "edge_connect": Entry("lgtsm.models.edge_connect:EdgeConnect", "frame by frame, edges first"),
    "completion": Entry(
        "lgtsm.models.completion:CompletionGenerator",
        "the paper's layers on the smooth fill",
        weights="completion_full.safetensors",
    ),
    "flow-fusion": Entry(
        "lgtsm.classical.flow_fusion:FlowFusion",
        "key-frames, corrected by a network that ships",
        weights="flow_fusion.safetensors",
    ),
    "key-frames": Entry("lgtsm.classical.key_frames:KeyFrames", "copies along the motion, completes key frames", False),
    "tccds": Entry("lgtsm.classical.tccds:TCCDS", "copies along the motion, searches patches in all frames", False),
    "flow-copy": Entry("lgtsm.classical.flow_copy:FlowCopy", "copies along the motion, the rest smooth", False),
    "telea": Entry("lgtsm.classical.telea:Telea", "OpenCV's inpainting, frame by frame", False),
    "temporal-copy": Entry("lgtsm.classical.fillers:TemporalCopy", "the nearest frame that knows the pixel", False),
    "smooth-fill": Entry("lgtsm.classical.fillers:SmoothFill", "smooth colors from the border of the hole", False),
    "mean-color": Entry("lgtsm.classical.fillers:MeanColor", "the mean color of the known pixels", False),
}
DEFAULT_METHOD = "flow-fusion"  # fills if no network is named
QUALITIES = ("normal", "best")
BEST_PASSES = {"flow-fusion": 4}  # of the methods that know the best quality, see `FlowFusion.passes`
DISCRIMINATORS = {
    "tsmgan": Entry("lgtsm.models.discriminator:TemporalShiftDiscriminator", "temporal shift"),
    "t_patchgan": Entry("lgtsm.models.gated3d:TemporalPatchDiscriminator", "space-time convolutions"),
    "edge_connect": Entry("lgtsm.models.edge_connect_discriminator:EdgeConnectDiscriminator", "single frames"),
}


def list_models(networks: bool | None = None) -> list[str]:
    """Return the names that `create_model` knows.

    Args:
        networks: True: only networks, which have weights; False: only methods without; None: all.
    """
    return [name for name, entry in MODELS.items() if networks is None or entry.is_network == networks]


def list_methods() -> list[str]:
    """Return the names of all that fill without a weight file of one's own; see `lgtsm.models.methods`."""
    return [name for name, entry in MODELS.items() if not entry.is_network or entry.weights is not None]


@overload
def create_model(name: Literal["lgtsm", "gtsm", "tsm"], **options: Any) -> GatedShiftGenerator: ...
@overload
def create_model(name: Literal["gated3d"], **options: Any) -> Gated3DGenerator: ...
@overload
def create_model(name: Literal["combcn"], **options: Any) -> CombCN: ...
@overload
def create_model(name: Literal["edge_connect"], **options: Any) -> EdgeConnect: ...
@overload
def create_model(name: Literal["completion"], **options: Any) -> CompletionGenerator: ...
@overload
def create_model(name: str, **options: Any) -> nn.Module: ...
def create_model(name: str, **options: Any) -> nn.Module:
    """Build a network or method that fills videos, called `model(video, hole) -> {"filled", "predicted"}`.

    Args:
        name: a network: "lgtsm", "gtsm", "tsm", "gated3d", "combcn", "edge_connect", "completion",
            "flow-fusion"; or a method without weights: "key-frames", "tccds", "flow-copy", "telea", "temporal-copy",
            "smooth-fill", "mean-color". `MODELS` describes each in a line.
        options: of the shift networks: width=64, shift_kernel_size=3, shift_groups=2, shift_fraction=0.5, causal=False,
            spectral_norm=False, spectral_norm_last=False, spectral_gain=False, geometry="released",
            initialization="variance_preserving", centered=True: see
            `lgtsm.models.lgtsm.GatedShiftGenerator`; of the others see the class that `MODELS` names.

    Returns:
        The model, untrained, in training mode; `lgtsm.load_method` loads the weights that ship. A network has
        `catalog_entry = {"name": name, **options}`, which rebuilds it.

    Raises:
        ValueError: there is no such name or option, or a value is not possible; the sentence lists the possible ones.
    """
    return _create("model", MODELS, name, options)


def create_discriminator(name: str, **options: Any) -> nn.Module:
    """Build a discriminator, called `discriminator(video, hole) -> scores` (batch, time, channel, height', width').

    Args:
        name: "tsmgan", "t_patchgan" (space-time convolutions) or "edge_connect" (single frames).
        options: of tsmgan: width=64, shift="learnable", shift_kernel_size=3, shift_groups=2, shift_fraction=0.5,
            gated=False, causal=False, spectral_norm=False, spectral_norm_last=False, sigmoid=False: see
            `lgtsm.models.discriminator.TemporalShiftDiscriminator`; of the others see the class in `DISCRIMINATORS`.

    Raises:
        ValueError: there is no such name or option, or a value is not possible; the sentence lists the possible ones.
    """
    return _create("discriminator", DISCRIMINATORS, name, options)


def _create(what: str, table: dict[str, Entry], name: str, options: dict[str, Any]) -> nn.Module:
    from lgtsm.checks import check_kind  # needs torch, and the names alone do not

    if name not in table:
        raise ValueError(f"There is no {what} named {name!r}; known are {', '.join(table)}.")
    entry = table[name]
    module, _, attribute = entry.target.partition(":")
    built_class = getattr(import_module(module), attribute)
    parameters = inspect.signature(built_class).parameters
    known = [key for key in parameters if key not in entry.fixed]
    unknown = [key for key in options if key not in known]
    if unknown:
        raise ValueError(
            f"The {what} {name!r} has no option {', '.join(map(repr, unknown))}; it has {', '.join(known) or 'none'}."
        )
    for key, value in options.items():
        check_kind(key, value, parameters[key].annotation)
    built = built_class(**entry.fixed, **{**entry.proposed, **options})
    if entry.is_network:
        built.catalog_entry = {"name": name, **options}
    return built
