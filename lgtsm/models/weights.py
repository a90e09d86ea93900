"""Save and load the weights of networks that the catalog can rebuild.

A weight file is a safetensors file whose metadata names the network and its options. `load_model` also reads the
checkpoints of a training run and the authors' released ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from lgtsm.models.catalog import create_model
from lgtsm.models.official_weights import build_official, is_official, read_checkpoint
from lgtsm.whole_files import whole_file

FORMAT = "lgtsm-weights-1"


def save_model(model: nn.Module, path: str | Path, about: dict[str, Any] | None = None, half: bool = False) -> None:
    """Write a weight file; the old one stays whole until the new one is.

    Args:
        model: a network of `lgtsm.create_model`.
        path: ends in .safetensors.
        about: plain values kept beside the weights: source, licence, training, scores.
        half: store floats in fp16.

    Raises:
        ValueError: the network does not come from the catalog, or the path has another ending.
    """
    path = Path(path)
    entry = getattr(model, "catalog_entry", None)
    if entry is None:
        raise ValueError(
            f"Only networks of lgtsm.create_model can be saved with what rebuilds them; got {type(model).__name__}."
        )
    if path.suffix != ".safetensors":
        raise ValueError(f"A weight file must end in .safetensors; got {path}.")
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    if half:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    metadata = {"format": FORMAT, "model": json.dumps(entry), "about": json.dumps(about or {})}
    with whole_file(path) as temporary:
        save_file(state, temporary, metadata)


def load_model(path: str | Path) -> nn.Module:
    """Rebuild a network with its weights, in eval mode, on the CPU.

    Args:
        path: a weight file (.safetensors), a checkpoint of a training run (.ckpt; its averaged weights where it has
            them), or an authors' checkpoint (.pth).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none of these, or damaged.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return _load_weight_file(path)
    checkpoint = read_checkpoint(path)
    if is_official(checkpoint):
        return build_official(checkpoint, str(path)).generator
    own = checkpoint.get("lgtsm")
    if not isinstance(own, dict) or not isinstance(own.get("model"), dict) or "state_dict" not in checkpoint:
        raise ValueError(
            f"{path} is no checkpoint of a network: expected a weight file (.safetensors), a checkpoint of a training "
            "run of this library, or one in the authors' format."
        )
    prefix = own["prefix"]
    state = {key[len(prefix) :]: value for key, value in checkpoint["state_dict"].items() if key.startswith(prefix)}
    return _build(own["model"], state, path)


def _load_weight_file(path: Path) -> nn.Module:
    if not path.is_file():
        raise FileNotFoundError(f"There is no weight file {path}. Check the path.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dictionary
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read as a weight file; it may be truncated. ({error})") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but not one of this library (format {FORMAT}).")
    return _build(json.loads(metadata["model"]), state, path)


def _build(entry: dict[str, Any], state: dict[str, torch.Tensor], path: Path) -> nn.Module:
    model = create_model(**entry)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit the network {entry}: {error}") from error
    return model.eval()
