"""Translate the names of the weights in the authors' released networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# By-products that the authors' wrappers of 2-D convolutions store beside the weights in use.
_UNUSED_SUFFIXES = ("weight_orig", "weight_u", "weight_v")
_SPECTRAL_NORM = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}


def shift_keys(state: dict[str, Tensor], prefix: str, where: str) -> dict[str, Tensor]:
    """Translate the per-frame networks behind shifts (kinds `2dtsm`): generator or discriminator.

    Spectral norm has no effect in these: they use the weights of the inner layer.

    Args:
        state: the checkpoint's weights.
        prefix: of the network in it.
        where: the file's name, for error messages.

    Raises:
        ValueError: no layer uses one of the weights.
    """
    translated: dict[str, Tensor] = {}
    kernels: dict[str, dict[int, Tensor]] = {}
    for key, value in state.items():
        if not key.startswith(prefix):
            continue
        target, rest = _layer(key[len(prefix) :])
        if rest[0] == "learnableTSM":
            index = {"pre_shift_conv": 0, "post_shift_conv": 1}.get(rest[1])
            index = int(rest[1].removeprefix("shift_conv_")) if index is None else index
            kernels.setdefault(f"{target.rsplit('.', 1)[0]}.shift.kernels", {})[index] = value.flatten()
        elif rest[0] == "layer":
            translated[f"{target}.{rest[1]}"] = value
        elif rest[-1] not in (*_UNUSED_SUFFIXES, "weight", "bias"):
            raise ValueError(f"{where} has a weight {key} that no layer here uses.")
    for key, rows in kernels.items():
        translated[key] = torch.stack([rows[index] for index in sorted(rows)])
    return translated


def space_time_keys(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Translate the space-time networks (kind `3d`), where spectral norm acts: generator or discriminator."""
    translated = {}
    for key, value in state.items():
        if key.startswith(prefix):
            target, rest = _layer(key[len(prefix) :])
            translated[f"{target}.{spectral_norm_key('.'.join(rest))}"] = value
    return translated


def combcn_keys(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Translate CombCN: `videoCN` is `coarse` here, `combCN` is `fine`, `norm_layer` is `norm`."""
    rooms = {"videoCN": "coarse", "combCN": "fine"}
    return {
        ".".join([rooms.get(room, room), *rest]).replace("norm_layer", "norm"): value
        for key, value in state.items()
        for room, *rest in [key.split(".")]
    }


def spectral_norm_key(key: str) -> str:
    """Translate the end of a key from the older spectral norm of torch to the present one; others stay."""
    head, _, tail = key.rpartition(".")
    return f"{head}.{_SPECTRAL_NORM.get(tail, tail)}".removeprefix(".")


def fill(network: nn.Module, translated: dict[str, Tensor], where: str) -> None:
    """Copy translated weights into `network`; the weights of both sides must match one to one.

    Raises:
        ValueError: they do not; the sentence counts and names the others.
    """
    expected = network.state_dict()
    missing = sorted(expected.keys() - translated.keys())
    surplus = sorted(translated.keys() - expected.keys())
    shapes = [k for k in expected.keys() & translated.keys() if expected[k].shape != translated[k].shape]
    if missing or surplus or shapes:
        raise ValueError(
            f"{where} does not hold the network that its configuration names: "
            f"{len(missing)} weights missing {missing[:3]}, {len(surplus)} left over {surplus[:3]}, "
            f"{len(shapes)} of another shape {shapes[:3]}."
        )
    network.load_state_dict(translated)


def _layer(key: str) -> tuple[str, list[str]]:
    """Split an authors' key into our layer's name, with the convolution in it, and the rest."""
    parts = key.split(".")
    if parts[0] in ("downsample_module", "upsample_module"):
        parts = parts[1:]
    if len(parts) > 2 and parts[1] == "conv":  # the up-sampling layers wrap one more module
        del parts[1]
    name, role, *rest = parts
    return f"layers.{name}.{'gate' if role == 'gatingConv' else 'feature'}", rest
