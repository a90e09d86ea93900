"""Save and load the weights of networks, with the names and options to rebuild them.

A weight file is a safetensors file whose metadata names a network of the catalog and its options. `load_model` also
reads checkpoints of a training run and the authors' released ones. A network of your own is saved with the arguments
that built it; loading imports nothing that a file names, so pass its class to `load_model`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from lgtsm.models.catalog import create_model
from lgtsm.models.official_weights import build_official, is_official, read_checkpoint
from lgtsm.regular_file import check_file
from lgtsm.whole_files import whole_file

FORMAT = "lgtsm-weights-1"
LARGEST = 1e9  # no trained weight is larger


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


def note_own(network: nn.Module, name: str, arguments: dict[str, Any]) -> None:
    """Note a network's class and arguments for the files it is saved in; networks of the catalog have their own note.

    Args:
        network: gets the attribute `own_entry`.
        name: of its class, for people to read; it is never imported.
        arguments: plain values by name. Where they hold a `_target_`, which is an object, they are not noted, and
            `load_model` needs a built network.

    Raises:
        ValueError: its weights cannot be saved.
    """
    if getattr(network, "catalog_entry", None) is not None:
        return
    arguments = {key: value for key, value in arguments.items() if key != "_target_"}
    text = json.dumps(arguments)
    plain = not any(f'"{word}"' in text for word in ("_target_", "_partial_", "_args_"))
    network.own_entry = {"class": name, "arguments": arguments if plain else None}
    _to_bytes(network)


def save_model(model: nn.Module, path: str | Path, about: dict[str, Any] | None = None, half: bool = False) -> None:
    """Write a weight file; an old one stays until the new one is complete.

    Args:
        model: a network of `lgtsm.create_model`, or of your own.
        path: ends in .safetensors.
        about: plain values to keep beside the weights: source, license, training, scores.
        half: store floats in fp16.

    Raises:
        ValueError: the state is empty or holds anything but tensors, or the path has another ending.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"A weight file must end in .safetensors; got {path}.")
    content = _to_bytes(model, about, half)
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def _to_bytes(model: nn.Module, about: dict[str, Any] | None = None, half: bool = False) -> bytes:
    entry, own = getattr(model, "catalog_entry", None), getattr(model, "own_entry", None)
    if entry is None and own is None:
        own = {"class": f"{type(model).__module__}.{type(model).__qualname__}", "arguments": None}
    state = model.state_dict()
    if not state:
        raise ValueError(f"A {type(model).__name__} has no weights to save. Only networks can be saved.")
    for key, value in state.items():
        if type(value) is not Tensor:
            raise ValueError(
                f"A {type(model).__name__} cannot be saved: {key!r} in its state_dict is a {type(value).__name__}, and "
                "a weight file holds tensors only. Make it a buffer, or leave it out of the state."
            )
    # Clone, as safetensors refuses weights that several layers share.
    state = {key: value.detach().cpu().clone(memory_format=torch.contiguous_format) for key, value in state.items()}
    if half:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    metadata = {"format": FORMAT, "model": json.dumps(entry), "own_model": json.dumps(own)}
    return safetensors.torch.save(state, {**metadata, "about": json.dumps(about or {})})


def load_model(path: str | Path, model: nn.Module | Callable[..., nn.Module] | None = None) -> nn.Module:
    """Rebuild a network with its weights, in eval mode, on the CPU.

    Args:
        path: a weight file (.safetensors), a checkpoint of a training run (.ckpt; its averaged weights if it has them),
            or an authors' checkpoint (.pth).
        model: for a network of your own, its class, to call with the arguments in the file, or a built network that
            takes the weights. Nothing that a file names is imported.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not one of these, is damaged, or needs `model`.
    """
    stored = read_networks(path)
    _check_values(path, stored.generator)
    if model is None and stored.options is not None:
        with torch.device("meta"):  # takes no memory, whatever sizes the file asks for
            _check_fit(path, _from_catalog(path, stored.options), stored.generator)
    network = model if isinstance(model, nn.Module) else _rebuild(stored, Path(path), model)
    _check_fit(path, network, stored.generator)
    network.load_state_dict(stored.generator)
    if stored.own is not None:
        network.own_entry = stored.own
    return network.eval()


def read_networks(path: str | Path) -> Stored:
    """Read the networks of a weight file, of a training run's checkpoint, or of an authors' checkpoint.

    Raises:
        FileNotFoundError, ValueError: as `load_model`.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return _read_weight_file(path)
    checkpoint = read_checkpoint(path)
    if is_official(checkpoint):
        official = build_official(checkpoint, str(path))
        discriminator = official.discriminator and official.discriminator.state_dict()
        return Stored(official.generator.state_dict(), official.generator.catalog_entry, None, discriminator)
    noted = checkpoint.get("lgtsm")
    if not isinstance(noted, dict) or "prefix" not in noted or "state_dict" not in checkpoint:
        raise ValueError(
            f"{path} is not a checkpoint of a network: expected a weight file (.safetensors), a checkpoint of a "
            "training run of this library, or one in the authors' format."
        )
    generator, discriminator = (
        {key.removeprefix(prefix): value for key, value in checkpoint["state_dict"].items() if key.startswith(prefix)}
        for prefix in (noted["prefix"], "discriminator.")
    )
    return Stored(generator, noted["model"], noted.get("own_model"), discriminator or None)


def _read_weight_file(path: Path) -> Stored:
    if not os.path.lexists(path):
        raise FileNotFoundError(f"There is no weight file {path}. Check the path.")
    check_file(path, "a weight file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dictionary
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read as a weight file; it may be truncated. ({error})") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is a safetensors file, but not one of this library (format {FORMAT}).")
    try:
        options, own = json.loads(metadata["model"]), json.loads(metadata.get("own_model", "null"))
    except (KeyError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} must name its network in its metadata, in JSON; it cannot be read. ({error})"
        ) from error
    return Stored(state, options, own)


def _check_values(path: str | Path, state: Any) -> None:
    """Refuse weights that no training gives.

    Raises:
        ValueError: a value is no tensor, not finite, or huge.
    """
    if not isinstance(state, dict) or not state:
        raise ValueError(f"{path} must hold the weights of a network; it holds none.")
    for key, value in state.items():
        if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_quantized:
            raise ValueError(f"{path} must hold plain tensors; {key} is none.")
        if value.is_floating_point() and value.numel():
            largest = value.detach().abs().max().item()
            if not largest <= LARGEST:
                what = f"as large as {largest:.3g}" if math.isfinite(largest) else "that are not finite (NaN or Inf)"
                raise ValueError(f"{path} must hold trained weights; {key} has values {what}. The file is damaged.")


def _check_fit(path: str | Path, network: nn.Module, state: dict[str, Tensor]) -> None:
    """Compare names, shapes and types with those of a network.

    Raises:
        ValueError: naming the first that differs.
    """
    expected = network.state_dict()
    kind = (getattr(network, "catalog_entry", None) or {}).get("name") or type(network).__name__
    fits = f"The weights in {path} do not fit the network {kind}"
    for keys, verb in (
        (expected.keys() - state.keys(), "are missing"),
        (state.keys() - expected.keys(), "are too many"),
    ):
        if keys:
            first = min(keys)
            raise ValueError(f"{fits}: {len(keys)} of them {verb}, such as {first}.")
    for key, value in expected.items():
        found = state[key]
        if value.shape != found.shape:
            raise ValueError(f"{fits}: {key} must be {_sizes(value)}; it is {_sizes(found)}.")
        if value.is_floating_point() != found.is_floating_point() or value.is_complex() != found.is_complex():
            raise ValueError(f"{fits}: {key} must be {value.dtype}; it is {found.dtype}.")


def _sizes(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def _from_catalog(path: str | Path, options: Any) -> nn.Module:
    """Build the network that a file notes.

    Raises:
        ValueError: the note is none of a network, or has impossible values.
    """
    if not isinstance(options, dict) or not isinstance(options.get("name"), str):
        raise ValueError(f"{path} must note the name of its network and its options; it notes {options!r:.100}.")
    try:
        return create_model(**options)
    except (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} notes a network that cannot be built ({reason:.300}). The file is damaged."
        ) from error


def _rebuild(stored: Stored, path: Path, own_class: Callable[..., nn.Module] | None) -> nn.Module:
    if own_class is None and stored.options is not None:
        return _from_catalog(path, stored.options)
    own = stored.own if isinstance(stored.own, dict) else {}
    name = f"a network of the class {own['class']}" if "class" in own else "a network without a note"
    if own_class is None:
        raise ValueError(
            f"{path} holds {name}, which is not in the catalog. A class that a file names is never imported: pass it, "
            "as in load_model(path, model=MyModel)."
        )
    if stored.options is not None:
        arguments = {key: value for key, value in stored.options.items() if key != "name"}
    else:
        arguments = own.get("arguments")
    if not isinstance(arguments, dict):
        raise ValueError(
            f"{path} holds {name} without the arguments that built it. Pass a built network, as in load_model(path, "
            "model=MyModel(...))."
        )
    try:
        return own_class(**arguments)
    except TypeError as error:
        raise ValueError(
            f"{path} holds {name}, built with {arguments}, which the passed class does not take: {error}"
        ) from error
