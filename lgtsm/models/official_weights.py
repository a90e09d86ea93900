"""Load checkpoints in the format of the authors' released networks.

Such a file is a pickle that also holds an instance of a class of the authors' program. Loading executes nothing in it:
`torch.load(weights_only=True)` with an empty stand-in for that class.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lgtsm.models.catalog import create_discriminator, create_model
from lgtsm.models.official_keys import combcn_keys, shift_keys, space_time_keys, spectral_norm_key
from lgtsm.models.weight_checks import check_fit, check_state, check_values, create_noted
from lgtsm.torch_files import read_torch_file

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
        ValueError: the file is not such a checkpoint, is damaged, or its network is not supported.

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
    content = read_torch_file(path, stand_ins=[_LOGGER_STAND_IN])
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a readable checkpoint: expected a dictionary, got {type(content).__name__}.")
    return content


def is_official(checkpoint: dict[str, Any]) -> bool:
    """Tell whether a checkpoint's content is in the authors' format."""
    state = checkpoint.get("state_dict")
    starts = ("generator.coarse_net.", "videoCN.")
    return isinstance(state, dict) and any(isinstance(key, str) and key.startswith(starts) for key in state)


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
    check_state(where, state)
    check_values(where, state)
    config, epoch = checkpoint.get("config") or {}, checkpoint.get("epoch")
    try:
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
    except (KeyError, TypeError, AttributeError, IndexError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(
            f"{where} is in the authors' format, but its configuration or weights are damaged ({reason:.200})."
        ) from error
    return OfficialCheckpoint(generator.eval(), discriminator, config, epoch)


def _build_generator(state: dict[str, Tensor], options: dict, config: dict, where: str) -> nn.Module:
    if options.get("use_skip_connection"):
        raise ValueError(f"{where} holds a generator with skip connections, which is not supported.")
    prefix, gated = "generator.coarse_net.", options.get("conv_type", "gated") == "gated"
    own = {"width": options.get("nf"), "initialization": "pytorch", "centered": False}
    if _kind(options, "generator", where) == "3d":
        own |= {"name": "gated3d", "gated": gated, "spectral_norm": _spectral_norm_acts(state, prefix)}
        return create_noted(where, own, space_time_keys(state, prefix, where))
    shift, learnable = _shift_options(config)
    # The names lgtsm and gtsm imply the shift.
    own |= {key: value for key, value in shift.items() if key != "shift" or not gated}
    own["name"] = ("lgtsm" if learnable else "gtsm") if gated else "tsm"
    return create_noted(where, own, shift_keys(state, prefix, where))


def _build_discriminator(state: dict[str, Tensor], options: dict, config: dict, where: str) -> nn.Module:
    prefix = "temporal_discriminator."
    own = {"width": options.get("nf"), "sigmoid": bool(options.get("use_sigmoid", True))}
    if _kind(options, "discriminator", where) == "3d":
        own |= {"name": "t_patchgan", "spectral_norm": _spectral_norm_acts(state, prefix)}
        return create_noted(where, own, space_time_keys(state, prefix, where), create_discriminator)
    own |= {"name": "tsmgan", **_shift_options(config)[0]}
    return create_noted(where, own, shift_keys(state, prefix, where), create_discriminator)


def _build_combcn(state: dict[str, Tensor], where: str) -> nn.Module:
    try:
        biases = {"width": state["combCN.conv16.conv.bias"], "coarse_width": state["videoCN.conv1.conv.bias"]}
    except KeyError as error:
        raise ValueError(f"{where} holds only part of a CombCN: the weight {error} is missing.") from error
    widths = {key: value.numel() for key, value in biases.items()}
    return create_noted(where, {"name": "combcn", **widths}, combcn_keys(state))


def _load_edge_connect(folder: Path) -> OfficialCheckpoint:
    """Build Edge-Connect from a folder, without its discriminators."""
    network = create_model("edge_connect")
    for name, part in _EDGE_CONNECT_FILES.items():
        where = str(folder / name)
        state = read_checkpoint(where).get("generator")
        if not isinstance(state, dict):
            raise ValueError(f"{where} is not a checkpoint of Edge-Connect: expected the weights under generator.")
        check_state(where, state)
        check_values(where, state)
        state = {spectral_norm_key(key): value for key, value in state.items()}
        check_fit(where, getattr(network, part), state)
        getattr(network, part).load_state_dict(state)
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
