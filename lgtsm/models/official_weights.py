"""Load checkpoints in the format of the authors' released networks.

Such a file is a pickle that also holds an instance of a class of the authors' program. Loading executes nothing in it:
`torch.load(weights_only=True)` with an empty stand-in for that class.
"""

from __future__ import annotations

import dataclasses
import os
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.models.catalog import create_discriminator, create_model
from lgtsm.models.edge_connect import EdgeConnect
from lgtsm.models.official_keys import combcn_keys, fill, shift_keys, space_time_keys, spectral_norm_key
from lgtsm.regular_file import check_file

# The class that the authors' trainer stored beside the weights. Only its name counts.
_LOGGER_STAND_IN = type("Logger", (), {"__module__": "utils.logger"})
# The files in a folder of Edge-Connect, and the networks in them.
_EDGE_CONNECT_FILES = {"EdgeModel_gen.pth": "edges", "InpaintingModel_gen.pth": "frames"}


@dataclasses.dataclass
class OfficialCheckpoint:
    """The content of a released checkpoint.

    generator: the network, in eval mode.
    discriminator: the temporal discriminator, in eval mode; None if the file has none.
    config: the authors' training configuration, plain dictionaries and lists.
    epoch: the epoch at which it was saved; None if unknown.
    """

    generator: nn.Module
    discriminator: nn.Module | None
    config: dict[str, Any]
    epoch: int | None


def load_official(path: str | Path) -> OfficialCheckpoint:
    """Read a checkpoint in the authors' format, of any network of the tables.

    Args:
        path: the `.pth` file: LGTSM, GTSM, TSM or 3DGated (with or without discriminator), or CombCN; for Edge-Connect
            the folder with EdgeModel_gen.pth and InpaintingModel_gen.pth.

    Returns:
        The networks in eval mode, with the weights that the authors' networks use.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not such a checkpoint, or its network is not supported.

    Source: the released program of Chang et al. 2019; Nazeri et al. 2019 for Edge-Connect.
    """
    if Path(path).is_dir():
        return _load_edge_connect(Path(path))
    return build_official(read_checkpoint(path), str(path))


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a `torch.save` file without executing anything in it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a checkpoint, or holds more than tensors and plain values.
    """
    path = Path(path)
    if not os.path.lexists(path):
        raise FileNotFoundError(f"There is no checkpoint file {path}. Check the path.")
    check_file(path, "a checkpoint")
    try:
        with torch.serialization.safe_globals([_LOGGER_STAND_IN]), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about odd pickles, reported below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can fail in any way
        # torch's own sentences advise to run what is in the file; of them only the object's name is told.
        named = re.search(r"GLOBAL (\S+)", str(error))
        reason = f" It names {named[1]}." if named else ""
        raise ValueError(
            f"{path} is not a readable checkpoint: expected a file of torch.save with tensors and plain values. It may "
            f"be truncated, or hold other objects, which are never executed.{reason}"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a readable checkpoint: expected a dictionary, got {type(content).__name__}.")
    return content


def is_official(checkpoint: dict[str, Any]) -> bool:
    """Tell whether a checkpoint's content is in the authors' format."""
    state = checkpoint.get("state_dict")
    return isinstance(state, dict) and any(key.startswith(("generator.coarse_net.", "videoCN.")) for key in state)


def build_official(checkpoint: dict[str, Any], where: str) -> OfficialCheckpoint:
    """Build the networks of a checkpoint's content.

    Args:
        checkpoint: the content that `read_checkpoint` returned.
        where: the file's name, for error messages.

    Raises:
        ValueError: it is not in the authors' format, or its network is not supported.
    """
    if not is_official(checkpoint):
        raise ValueError(
            f"{where} is not a checkpoint in the authors' format: expected a state_dict with keys that start with "
            "generator.coarse_net. (or videoCN., for CombCN). Use lgtsm.load_model for checkpoints of this library."
        )
    state: dict[str, Tensor] = checkpoint["state_dict"]
    config, epoch = checkpoint.get("config") or {}, checkpoint.get("epoch")
    if any(key.startswith("videoCN.") for key in state):
        return OfficialCheckpoint(_build_combcn(state, where).eval(), None, config, epoch)
    try:
        arguments = config["arch"]["args"]
        options = arguments["opts"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where} cannot be rebuilt: it lacks the configuration config.arch.args.opts.") from error
    generator = _build_generator(state, options, config, where)
    discriminator = None
    if any(key.startswith("temporal_discriminator.") for key in state):
        discriminator = _build_discriminator(state, arguments.get("d_t_args") or options, config, where).eval()
    return OfficialCheckpoint(generator.eval(), discriminator, config, epoch)


def _build_generator(state: dict[str, Tensor], options: dict, config: dict, where: str) -> nn.Module:
    if options.get("use_skip_connection"):
        raise ValueError(f"{where} holds a generator with skip connections, which is not supported.")
    prefix, gated = "generator.coarse_net.", options.get("conv_type", "gated") == "gated"
    own = {"width": options["nf"], "initialization": "pytorch", "centered": False}
    if _kind(options, "generator", where) == "3d":
        generator = create_model("gated3d", gated=gated, spectral_norm=_spectral_norm_acts(state, prefix), **own)
        fill(generator, space_time_keys(state, prefix), where)
        return generator
    shift, learnable = _shift_options(config)
    name = ("lgtsm" if learnable else "gtsm") if gated else "tsm"
    # The names lgtsm and gtsm imply the shift.
    generator = create_model(name, **own, **{key: value for key, value in shift.items() if key != "shift" or not gated})
    fill(generator, shift_keys(state, prefix, where), where)
    return generator


def _build_discriminator(state: dict[str, Tensor], options: dict, config: dict, where: str) -> nn.Module:
    prefix = "temporal_discriminator."
    own = {"width": options["nf"], "sigmoid": bool(options.get("use_sigmoid", True))}
    if _kind(options, "discriminator", where) == "3d":
        discriminator = create_discriminator("t_patchgan", spectral_norm=_spectral_norm_acts(state, prefix), **own)
        fill(discriminator, space_time_keys(state, prefix), where)
        return discriminator
    discriminator = create_discriminator("tsmgan", **own, **_shift_options(config)[0])
    fill(discriminator, shift_keys(state, prefix, where), where)
    return discriminator


def _build_combcn(state: dict[str, Tensor], where: str) -> nn.Module:
    try:
        widths = {"width": len(state["combCN.conv16.conv.bias"]), "coarse_width": len(state["videoCN.conv1.conv.bias"])}
    except KeyError as error:
        raise ValueError(f"{where} holds only part of a CombCN: the weight {error} is missing.") from error
    network = create_model("combcn", **widths)
    fill(network, combcn_keys(state), where)
    return network


def _load_edge_connect(folder: Path) -> OfficialCheckpoint:
    """Build Edge-Connect from a folder, without its discriminators."""
    network: EdgeConnect = create_model("edge_connect")
    for name, part in _EDGE_CONNECT_FILES.items():
        where = str(folder / name)
        state = read_checkpoint(where).get("generator")
        if not isinstance(state, dict):
            raise ValueError(f"{where} is not a checkpoint of Edge-Connect: expected the weights under generator.")
        fill(getattr(network, part), {spectral_norm_key(key): value for key, value in state.items()}, where)
    return OfficialCheckpoint(network.eval(), None, {}, None)


def _kind(options: dict[str, Any], network: str, where: str) -> str:
    kind = options.get("conv_by")
    if kind not in ("2dtsm", "3d"):
        raise ValueError(
            f"{where} holds a {network} with conv_by={kind!r}; expected '2dtsm' (LGTSM, GTSM, TSM) or '3d' (3DGated)."
        )
    return kind


def _spectral_norm_acts(state: dict[str, Tensor], prefix: str) -> bool:
    return any(key.startswith(prefix) and key.endswith("weight_orig") for key in state)


def _shift_options(config: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the shift's options and whether the networks carry kernels of their own.

    The authors' `fixed` only stops the training of such kernels; the networks still use those in the file.
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
