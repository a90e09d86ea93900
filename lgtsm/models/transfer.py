"""Start a network from the weights of another, and report the weights it took."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.models.weight_checks import find_untrained, same_kind

# Options that change what a network computes with the same weights.
BEHAVIOR = ("centered", "geometry", "causal", "shift", "shift_fraction", "shift_groups", "gated")


@dataclasses.dataclass(frozen=True)
class Matched:
    """The weights that a network took from a file, by name.

    taken: same name and shape.
    missing: only in the network; they keep their start.
    other_shape: (name, shape in the network, shape in the file); they keep their start.
    unused: only in the file.
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
        lines += [f"  not in the file, left new: {name}" for name in self.missing]
        lines += [f"  other shape, left new: {name} {here}, file {there}" for name, here, there in self.other_shape]
        lines += [f"  only in the file, unused: {name}" for name in self.unused]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def transfer(network: nn.Module, state: dict[str, Tensor], options: dict[str, Any] | None = None) -> Matched:
    """Copy the weights of the same name and shape into a network.

    A fixed shift has no kernels; a network with learnable ones keeps those of its start, which shift the same way.

    Args:
        network: changed in place.
        state: the other network's state dict.
        options: of the other network, to compare with this one's.

    Raises:
        ValueError: no weight fits, or one of those that do is not finite, huge, or of another kind of number.
    """
    own = network.state_dict()
    shapes = [(name, tuple(own[name].shape), tuple(state[name].shape)) for name in own if name in state]
    taken = [name for name, here, there in shapes if here == there]
    other_shape = [(name, here, there) for name, here, there in shapes if here != there]
    if not taken:
        for_example = (
            "for example, {} is {} here and {} in the file".format(*other_shape[0])
            if other_shape
            else f"the file has {', '.join(list(state)[:2])}, ... and the network {', '.join(list(own)[:2])}, ..."
        )
        raise ValueError(
            f"No weight of the file fits the {type(network).__name__} that starts from it: {for_example}. "
            "Give it the options (name, width, geometry) of the file."
        )
    weights = {name for name, _ in network.named_parameters()}  # buffers of one's own may be infinite on purpose
    checked = [name for name in state if isinstance(options, dict) or (name in weights and name in taken)]
    if found := find_untrained({name: state[name] for name in checked}):
        raise ValueError(f"The file to start from must hold trained weights; {found}. The file is damaged.")
    for name in taken:
        if not same_kind(own[name], state[name]):
            raise ValueError(
                f"The file to start from must hold {name} as {own[name].dtype}, like this network; it holds "
                f"{state[name].dtype}."
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
    if not isinstance(options, dict) or entry is None:
        return []
    parameters = inspect.signature(type(network)).parameters
    defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
    return [
        f"{name} is {here!r} here and was {there!r} there, so the same weights compute something else"
        for name in BEHAVIOR
        if (here := (defaults | entry).get(name)) != (there := (defaults | options).get(name))
    ]
