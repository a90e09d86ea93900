"""Every network by its name."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from lgtsm.models.combcn import CombCN
from lgtsm.models.completion import CompletionGenerator
from lgtsm.models.discriminator import TemporalShiftDiscriminator
from lgtsm.models.edge_connect import EdgeConnect
from lgtsm.models.edge_connect_discriminator import EdgeConnectDiscriminator
from lgtsm.models.gated3d import Gated3DGenerator, TemporalPatchDiscriminator
from lgtsm.models.lgtsm import GatedShiftGenerator

# name -> (class, what the name fixes, what it only proposes)
Table = dict[str, tuple[type[nn.Module], dict[str, Any], dict[str, Any]]]
MODELS: Table = {
    "lgtsm": (GatedShiftGenerator, {"shift": "learnable", "gated": True}, {}),
    "gtsm": (GatedShiftGenerator, {"shift": "fixed", "gated": True}, {}),
    # A released checkpoint of plain convolutions carries kernels of its own, so the shift stays an option.
    "tsm": (GatedShiftGenerator, {"gated": False}, {"shift": "fixed"}),
    "gated3d": (Gated3DGenerator, {}, {}),
    "combcn": (CombCN, {}, {}),
    "edge_connect": (EdgeConnect, {}, {}),
    "completion": (CompletionGenerator, {}, {}),
}
DISCRIMINATORS: Table = {
    "tsmgan": (TemporalShiftDiscriminator, {}, {}),
    "t_patchgan": (TemporalPatchDiscriminator, {}, {}),
    "edge_connect": (EdgeConnectDiscriminator, {}, {}),
}


def list_models() -> list[str]:
    """Return the names that `create_model` knows."""
    return list(MODELS)


def create_model(name: str, **options: Any) -> nn.Module:
    """Build a video-inpainting network, called `model(video, hole) -> {"filled", "predicted"}`.

    Args:
        name: "lgtsm" (learnable shift, gated), "gtsm" (fixed shift, gated), "tsm" (fixed shift, plain convolutions),
            "gated3d" (space-time gated convolutions), "combcn" (coarse space-time network, then one per frame),
            "edge_connect" (frame by frame, edges first) or "completion" (corrects the smooth fill of small frames).
        options: of the shift networks: width=64, shift_kernel_size=3, shift_groups=2, shift_fraction=0.5, causal=False,
            spectral_norm=False, geometry="released", initialization="variance_preserving", centered=True: see
            `lgtsm.models.lgtsm.GatedShiftGenerator`; of the others see `lgtsm.models.gated3d.Gated3DGenerator`,
            `lgtsm.models.combcn.CombCN`, `lgtsm.models.edge_connect.EdgeConnect` and
            `lgtsm.models.completion.CompletionGenerator`.

    Returns:
        The network, in training mode, with `network.catalog_entry = {"name": name, **options}`, which rebuilds it.

    Raises:
        ValueError: no such name, no such option, or a value that is not possible; the sentence lists what is.
    """
    return _create("model", MODELS, name, options)


def create_discriminator(name: str, **options: Any) -> nn.Module:
    """Build a discriminator, called `discriminator(video, hole) -> scores` (batch, time, channel, height', width').

    Args:
        name: "tsmgan", "t_patchgan" (space-time convolutions) or "edge_connect" (single frames).
        options: of tsmgan: width=64, shift="learnable", shift_kernel_size=3, shift_groups=2, shift_fraction=0.5,
            causal=False, spectral_norm=False, sigmoid=False: see
            `lgtsm.models.discriminator.TemporalShiftDiscriminator`; of the others see
            `lgtsm.models.gated3d.TemporalPatchDiscriminator` and
            `lgtsm.models.edge_connect_discriminator.EdgeConnectDiscriminator`.

    Raises:
        ValueError: no such name, no such option, or a value that is not possible; the sentence lists what is.
    """
    return _create("discriminator", DISCRIMINATORS, name, options)


def _create(what: str, table: Table, name: str, options: dict[str, Any]) -> nn.Module:
    if name not in table:
        raise ValueError(f"There is no {what} named {name!r}; known are {', '.join(table)}.")
    network_class, fixed, proposed = table[name]
    known = [key for key in inspect.signature(network_class).parameters if key not in fixed]
    unknown = [key for key in options if key not in known]
    if unknown:
        raise ValueError(
            f"The {what} {name!r} has no option {', '.join(map(repr, unknown))}; it has {', '.join(known)}."
        )
    network = network_class(**fixed, **{**proposed, **options})
    network.catalog_entry = {"name": name, **options}
    return network
