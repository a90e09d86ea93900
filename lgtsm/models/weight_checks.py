"""Checks of weights from files, before memory is taken for what a file claims."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.models.catalog import MODELS, create_model

LARGEST = 1e9  # no trained weight is larger
SMALL_OPTION = 64  # options up to here cost nothing to build
SHARED = 4  # weights may share memory, so that they are larger together than what is stored


def check_state(path: str | Path, state: Any) -> None:
    """Refuse anything but plain tensors by name, no larger together than what is stored allows.

    Raises:
        ValueError: there is none, or something else; names the first.
    """
    if not isinstance(state, dict) or not state:
        raise ValueError(f"{path} must hold the weights of a network; it holds none.")
    for key, value in state.items():
        if not isinstance(key, str):
            raise ValueError(f"{path} must hold weights by name; it has the name {key!r:.100}.")
        if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_quantized or value.is_meta:
            raise ValueError(f"{path} must hold plain tensors; {key} is none.")
    stored = {value.untyped_storage().data_ptr(): value.untyped_storage().nbytes() for value in state.values()}
    if sum(value.nbytes for value in state.values()) > SHARED * sum(stored.values()) + 2**20:
        largest = max(state, key=lambda key: state[key].numel())
        raise ValueError(
            f"{path} holds much less than its weights claim to be, such as {largest} with {sizes(state[largest])} "
            "values. The file is damaged."
        )


def check_values(path: str | Path, state: dict[str, Tensor]) -> None:
    """Refuse weights that no training gives.

    Raises:
        ValueError: a value is not finite, or huge.
    """
    found = find_untrained(state)
    if found is not None:
        raise ValueError(f"{path} must hold trained weights; {found}. The file is damaged.")


def find_untrained(state: dict[str, Tensor]) -> str | None:
    """Return a description of the first weight that is not finite, or huge; None if all are as after a training."""
    for key, value in state.items():
        if value.is_floating_point() and value.numel():
            largest = value.detach().float().abs().max().item()
            if not largest <= LARGEST:
                what = f"as large as {largest:.3g}" if math.isfinite(largest) else "that are not finite (NaN or Inf)"
                return f"{key} has values {what}"
    return None


def check_fit(path: str | Path, network: nn.Module, state: dict[str, Tensor]) -> None:
    """Compare names, shapes and types with those of a network.

    Raises:
        ValueError: naming the first that differs.
    """
    expected = network.state_dict()
    kind = (getattr(network, "catalog_entry", None) or {}).get("name") or type(network).__name__
    fits = f"The weights in {path} do not fit the network {kind}"
    for keys, what in (
        (expected.keys() - state.keys(), "missing"),
        (state.keys() - expected.keys(), "unexpected"),
    ):
        if len(keys) == 1:
            raise ValueError(f"{fits}: {min(keys)} is {what}.")
        if keys:
            raise ValueError(f"{fits}: {len(keys)} are {what}, such as {min(keys)}.")
    for key, value in expected.items():
        found = state[key]
        if value.shape != found.shape:
            raise ValueError(f"{fits}: {key} must be {sizes(value)}; it is {sizes(found)}.")
        if not same_kind(value, found):
            raise ValueError(f"{fits}: {key} must be {value.dtype}; it is {found.dtype}.")


def same_kind(one: Tensor, other: Tensor) -> bool:
    """Tell whether both hold real numbers, or complex ones, or neither."""
    return (one.is_floating_point(), one.is_complex()) == (other.is_floating_point(), other.is_complex())


def check_options(path: str | Path, options: Any, state: dict[str, Tensor]) -> None:
    """Refuse options of a network of the catalog that nothing in the file can need.

    A number larger than every size in the file would only cost time and memory to build.

    Raises:
        ValueError: the note names no network, or has such a number.
    """
    if not isinstance(options, dict) or not isinstance(options.get("name"), str):
        raise ValueError(f"{path} must note the name of its network and its options; it notes {options!r:.100}.")
    name = options["name"]
    if name in MODELS and not MODELS[name].is_network:
        raise ValueError(f"{path} notes {name}, a method without weights. The file is damaged.")
    largest = max(SMALL_OPTION, len(state), *(size for value in state.values() for size in value.shape))
    for key, value in options.items():
        if isinstance(value, (int, float)) and not abs(value) <= largest:
            raise ValueError(
                f"{path} notes the network {name} with {key:.50} {value!r:.30}, larger than any size in it. The file "
                "is damaged."
            )


def create_noted(
    path: str | Path,
    options: dict[str, Any],
    state: dict[str, Tensor],
    create: Callable[..., nn.Module] = create_model,
) -> nn.Module:
    """Build the network that a file notes, with its weights, and not before they fit.

    Args:
        path: of the file, for errors.
        options: {"name": in the catalog, option: value}.
        state: the network's weights.
        create: the catalog's function that builds it.

    Raises:
        ValueError: the note is none of a network, has impossible values, or the weights do not fit.
    """
    check_options(path, options, state)
    try:
        with torch.device("meta"):  # takes no memory
            plan = create(**options)
    except (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError, IndexError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"{path} notes a network that cannot be built ({reason:.300}). The file is damaged, or of another version."
        ) from error
    check_fit(path, plan, state)
    network = create(**options)
    network.load_state_dict(state)
    return network


def sizes(tensor: Tensor) -> str:
    """Return a shape for people."""
    return "x".join(map(str, tensor.shape)) or "a single number"
