"""Translate the names of the weights in the authors' released networks."""

from __future__ import annotations

import torch
from torch import Tensor

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
        target, rest = _layer(key, prefix, where)
        if len(rest) > 1 and rest[0] == "learnableTSM":
            name = {"pre_shift_conv": "0", "post_shift_conv": "1"}.get(rest[1], rest[1].removeprefix("shift_conv_"))
            if not name.isdecimal():
                raise _unused(key, where)
            kernels.setdefault(f"{target.rsplit('.', 1)[0]}.shift.kernels", {})[int(name)] = value.flatten()
        elif len(rest) > 1 and rest[0] == "layer":
            translated[f"{target}.{rest[1]}"] = value
        elif rest[-1] not in (*_UNUSED_SUFFIXES, "weight", "bias"):
            raise _unused(key, where)
    for key, rows in kernels.items():
        if len({row.shape for row in rows.values()}) > 1:
            raise ValueError(f"{where} must have kernels of one length in {key}; they differ.")
        translated[key] = torch.stack([rows[index] for index in sorted(rows)])
    return translated


def space_time_keys(state: dict[str, Tensor], prefix: str, where: str) -> dict[str, Tensor]:
    """Translate the space-time networks (kind `3d`), where spectral norm acts; else as `shift_keys`."""
    translated = {}
    for key, value in state.items():
        if key.startswith(prefix):
            target, rest = _layer(key, prefix, where)
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


def _layer(key: str, prefix: str, where: str) -> tuple[str, list[str]]:
    """Split an authors' key into our layer's name, with the convolution in it, and the rest."""
    parts = key[len(prefix) :].split(".")
    if parts[0] in ("downsample_module", "upsample_module"):
        parts = parts[1:]
    if len(parts) > 2 and parts[1] == "conv":  # the up-sampling layers wrap one more module
        del parts[1]
    if len(parts) < 3:
        raise _unused(key, where)
    name, role, *rest = parts
    return f"layers.{name}.{'gate' if role == 'gatingConv' else 'feature'}", rest


def _unused(key: str, where: str) -> ValueError:
    return ValueError(f"{where} has a weight {key} that no layer here uses.")
