"""Start a network from the weights of another, and say what was taken over."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.models.official_weights import build_official, is_official, read_checkpoint
from lgtsm.models.weights import read_weights

# Options that change what a network computes with the same weights.
BEHAVIOR = ("centered", "geometry", "causal", "shift", "shift_fraction", "shift_groups", "gated")


@dataclasses.dataclass(frozen=True)
class StoredNetworks:
    """What a file of weights holds.

    generator, discriminator: state dicts; the second None where there is none.
    options: what built the generator, {"name": ..., option: value}; None for a network of one's own.
    """

    generator: dict[str, Tensor]
    discriminator: dict[str, Tensor] | None
    options: dict[str, Any] | None


@dataclasses.dataclass(frozen=True)
class Matched:
    """Which weights a network took from a file, by name.

    taken: those with the same name and shape.
    missing: weights of the network that the file does not have; they keep their start.
    other_shape: (name, shape in the network, shape in the file); they keep their start.
    unused: weights of the file that the network does not have.
    notes: sentences about options that differ.
    """

    taken: list[str]
    missing: list[str]
    other_shape: list[tuple[str, tuple[int, ...], tuple[int, ...]]]
    unused: list[str]
    notes: list[str]

    def __str__(self) -> str:
        total = len(self.taken) + len(self.missing) + len(self.other_shape)
        lines = [f"{len(self.taken)} of {total} weights taken over"]
        lines += [f"  not in the file, as new: {name}" for name in self.missing]
        lines += [
            f"  other shape, as new: {name} is {here}, {there} in the file" for name, here, there in self.other_shape
        ]
        lines += [f"  in the file only, unused: {name}" for name in self.unused]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def read_networks(path: str | Path) -> StoredNetworks:
    """Read the networks of a weight file, of a checkpoint of a training run, or of an authors' checkpoint.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none of these, or damaged.
    """
    path = Path(path)
    checkpoint = {} if path.suffix == ".safetensors" else read_checkpoint(path)
    if is_official(checkpoint):
        official = build_official(checkpoint, str(path)).discriminator
        discriminator = official and official.state_dict()
    else:
        prefix, state = "discriminator.", checkpoint.get("state_dict", {})
        discriminator = {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)} or None
    stored = read_weights(path)
    return StoredNetworks(stored.state, discriminator, stored.entry)


def transfer(network: nn.Module, state: dict[str, Tensor], options: dict[str, Any] | None = None) -> Matched:
    """Copy into a network the weights that have the same name and shape.

    A fixed shift has no kernels; a network with learnable ones keeps those of its start, which shift the same way.

    Args:
        network: changed in place.
        state: the other network's state dict.
        options: what built the other network, to compare with what built this one.

    Raises:
        ValueError: not one weight fits.
    """
    own = network.state_dict()
    taken = [name for name in own if name in state and state[name].shape == own[name].shape]
    other_shape = [
        (name, tuple(own[name].shape), tuple(state[name].shape))
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    if not taken:
        for_example = (
            "for example, {} is {} here and {} in the file".format(*other_shape[0])
            if other_shape
            else f"the file has {', '.join(list(state)[:2])}, ... and the network {', '.join(list(own)[:2])}, ..."
        )
        raise ValueError(
            f"No weight of the file fits the {type(network).__name__} that starts from it: {for_example}. "
            "Set its options (name, width, geometry) as they were."
        )
    with torch.no_grad():
        network.load_state_dict({name: state[name] for name in taken}, strict=False)
    return Matched(
        taken=taken,
        missing=[name for name in own if name not in state],
        other_shape=other_shape,
        unused=[name for name in state if name not in own],
        notes=_differences(network, options),
    )


def _differences(network: nn.Module, options: dict[str, Any] | None) -> list[str]:
    entry = getattr(network, "catalog_entry", None)
    if options is None or entry is None:
        return []
    defaults = _settings(type(network), entry), _settings(type(network), options)
    return [
        f"{name} is {here!r} here and was {there!r} there: the same weights compute something else"
        for name in BEHAVIOR
        if (here := defaults[0].get(name)) != (there := defaults[1].get(name))
    ]


def _settings(network_class: type[nn.Module], entry: dict[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(network_class).parameters
    return {name: p.default for name, p in parameters.items() if p.default is not p.empty} | entry
