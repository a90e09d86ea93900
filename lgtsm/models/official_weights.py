"""Load checkpoints in the format of the authors' released networks.

Such a file is a pickle that also holds an instance of a class of the authors' program. Nothing of it is executed:
`torch.load(weights_only=True)` with an empty stand-in for that one class.
"""

from __future__ import annotations

import dataclasses
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.models.catalog import create_discriminator, create_model

# The class that the authors' trainer stored beside the weights. Only its name is needed.
_LOGGER_STAND_IN = type("Logger", (), {"__module__": "utils.logger"})
# Copies and by-products that the authors' wrappers store beside the weights that are really used.
_UNUSED_SUFFIXES = ("weight_orig", "weight_u", "weight_v")


@dataclasses.dataclass
class OfficialCheckpoint:
    """What a released checkpoint holds.

    generator: the network, in eval mode.
    discriminator: the temporal discriminator, in eval mode; None where the file has none.
    config: the authors' training configuration, plain dictionaries and lists.
    epoch: the epoch at which it was saved, None where it is not noted.
    """

    generator: nn.Module
    discriminator: nn.Module | None
    config: dict[str, Any]
    epoch: int | None


def load_official(path: str | Path) -> OfficialCheckpoint:
    """Read a checkpoint in the authors' format.

    Args:
        path: the `.pth` file.

    Returns:
        The networks in eval mode, with the weights that the authors' networks use.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no such checkpoint, or one of a network that is not built here.

    Source: the released program of Chang et al. 2019.
    """
    return build_official(read_checkpoint(path), str(path))


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a `torch.save` file without executing anything in it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a checkpoint, or holds objects other than tensors and plain values.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint file {path}. Check the path.")
    try:
        with torch.serialization.safe_globals([_LOGGER_STAND_IN]), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about odd pickles, which get the sentence below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()
        raise ValueError(
            f"{path} cannot be read as a checkpoint: expected a file of torch.save with tensors and plain values only. "
            f"It may be truncated, or hold other objects, which are never executed. ({reason[0] if reason else error!r})"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} cannot be read as a checkpoint: expected a dictionary, got {type(content).__name__}.")
    return content


def is_official(checkpoint: dict[str, Any]) -> bool:
    """Tell whether a checkpoint's content is in the authors' format."""
    state = checkpoint.get("state_dict")
    return isinstance(state, dict) and any(key.startswith("generator.coarse_net.") for key in state)


def build_official(checkpoint: dict[str, Any], where: str) -> OfficialCheckpoint:
    """Build the networks of a checkpoint's content.

    Args:
        checkpoint: what `read_checkpoint` returned.
        where: the file's name, for error messages.

    Raises:
        ValueError: it is not in the authors' format, or of a network that is not built here.
    """
    if not is_official(checkpoint):
        raise ValueError(
            f"{where} is not a checkpoint in the authors' format: expected a state_dict with keys that start with "
            "generator.coarse_net. Use lgtsm.load_model for checkpoints of this library."
        )
    config = checkpoint.get("config") or {}
    try:
        arguments = config["arch"]["args"]
        generator_options = arguments["opts"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where} holds no network configuration (config.arch.args.opts); it cannot be rebuilt.") from error
    if generator_options.get("use_skip_connection"):
        raise ValueError(f"{where} is of a generator with skip connections, which is not built here.")
    state: dict[str, Tensor] = checkpoint["state_dict"]
    kind, gated = generator_options.get("conv_by"), generator_options.get("conv_type", "gated") == "gated"
    if kind != "2dtsm":
        raise ValueError(f"{where} is of a generator with conv_by={kind!r}; expected '2dtsm' (LGTSM, GTSM or TSM).")
    shift, learnable = _shift_options(config)
    name = ("lgtsm" if learnable else "gtsm") if gated else "tsm"
    # The names lgtsm and gtsm say already which shift it is.
    own_shift = {key: value for key, value in shift.items() if key != "shift" or not gated}
    generator = create_model(
        name, width=generator_options["nf"], initialization="pytorch", centered=False, **own_shift
    )
    _fill(generator, state, "generator.coarse_net.", where)

    discriminator = None
    if any(key.startswith("temporal_discriminator.") for key in state):
        options = arguments.get("d_t_args") or generator_options
        discriminator = create_discriminator(
            "tsmgan", width=options["nf"], sigmoid=bool(options.get("use_sigmoid", True)), **shift
        )
        _fill(discriminator, state, "temporal_discriminator.", where)
    return OfficialCheckpoint(
        generator.eval(), discriminator.eval() if discriminator else None, config, checkpoint.get("epoch")
    )


def _shift_options(config: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the shift's options and whether the networks carry kernels of their own.

    The authors' `fixed` only keeps such kernels from being trained; those in the file are used all the same.
    """
    learnable = (config.get("global_config") or {}).get("LearnableTSM_kargs") or {}
    if not learnable:
        return {"shift": "fixed"}, False
    return {
        "shift": "learnable",
        "shift_fraction": learnable.get("shift_ratio", 0.5),
        "shift_groups": learnable.get("shift_groups", 2),
        "shift_kernel_size": learnable.get("shift_width", 3),
    }, True


def _fill(network: nn.Module, state: dict[str, Tensor], prefix: str, where: str) -> None:
    """Copy the weights under `prefix` into `network`; every weight of both sides must find its partner."""
    translated: dict[str, Tensor] = {}
    kernels: dict[str, dict[int, Tensor]] = {}
    for key, value in state.items():
        if not key.startswith(prefix):
            continue
        parts = key[len(prefix) :].split(".")
        if parts[0] in ("downsample_module", "upsample_module"):
            parts = parts[1:]
        if len(parts) > 2 and parts[1] == "conv":  # the up-sampling layers wrap one more module
            del parts[1]
        name, role, *rest = parts
        target = f"layers.{name}.{'gate' if role == 'gatingConv' else 'feature'}"
        if rest[0] == "learnableTSM":
            index = {"pre_shift_conv": 0, "post_shift_conv": 1}.get(rest[1])
            index = int(rest[1].removeprefix("shift_conv_")) if index is None else index
            kernels.setdefault(f"layers.{name}.shift.kernels", {})[index] = value.flatten()
        elif rest[0] == "layer":
            translated[f"{target}.{rest[1]}"] = value
        elif rest[-1] not in (*_UNUSED_SUFFIXES, "weight", "bias"):
            raise ValueError(f"{where} has a weight {key} that no layer here uses.")
    for key, rows in kernels.items():
        translated[key] = torch.stack([rows[index] for index in sorted(rows)])
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
