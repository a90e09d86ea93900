"""Read the networks in weight files and checkpoints, as data: names, tensors, plain values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from torch import Tensor

from lgtsm.models.official_weights import build_official, is_official, read_checkpoint
from lgtsm.models.weight_checks import check_state
from lgtsm.torch_files import check_file

FORMAT = "lgtsm-weights-1"


class Stored(NamedTuple):
    """The networks of a weight file or checkpoint.

    generator: its state dict.
    options: {"name": in the catalog, option: value} of the generator; None for a network of your own.
    own: the note on a network of your own, {"class": for people only, "arguments": plain values, or None}; else None.
    discriminator: its state dict; None if the file has none.
    """

    generator: dict[str, Tensor]
    options: dict[str, Any] | None
    own: dict[str, Any] | None
    discriminator: dict[str, Tensor] | None = None


def read_networks(path: str | Path) -> Stored:
    """Read the networks of a weight file, of a training run's checkpoint, or of an authors' checkpoint.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not one of these, or is damaged.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return _read_weight_file(path)
    checkpoint = read_checkpoint(path)
    if is_official(checkpoint):
        official = build_official(checkpoint, str(path))
        discriminator = None if official.discriminator is None else official.discriminator.state_dict()
        generator: Any = official.generator
        return Stored(generator.state_dict(), generator.catalog_entry, None, discriminator)
    return _read_run_checkpoint(path, checkpoint)


def _read_run_checkpoint(path: Path, checkpoint: dict[str, Any]) -> Stored:
    noted, state = checkpoint.get("lgtsm"), checkpoint.get("state_dict")
    if not isinstance(noted, dict) or "prefix" not in noted or state is None:
        raise ValueError(
            f"{path} is not a checkpoint of a network: expected a weight file (.safetensors), a checkpoint of a "
            "training run of this library, or one in the authors' format."
        )
    check_state(path, state)
    if not isinstance(noted["prefix"], str) or "model" not in noted:
        raise ValueError(f"{path} must note its network and the prefix of its weights; it notes {noted!r:.100}.")
    generator, discriminator = (
        {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        for prefix in (noted["prefix"], "discriminator.")
    )
    if not generator:
        raise ValueError(f"{path} must hold the weights of a network; it holds none that begin with {noted['prefix']}")
    return Stored(generator, noted["model"], noted.get("own_model"), discriminator or None)


def _read_weight_file(path: Path) -> Stored:
    check_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            options, own = _read_note(path, file.metadata() or {})
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dictionary
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read as a weight file; it may be truncated. ({error})") from error
    check_state(path, state)
    return Stored(state, options, own)


def _read_note(path: Path, metadata: dict[str, str]) -> tuple[Any, Any]:
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but not one of this library (format {FORMAT}).")
    if "model" not in metadata:
        raise ValueError(f"{path} must note its network in the entry `model` of its metadata; it has none.")
    try:
        return json.loads(metadata["model"]), json.loads(metadata.get("own_model", "null"))
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else "nested too deep"
        raise ValueError(f"{path} must note its network in its metadata, in JSON; it does not. ({why})") from error
