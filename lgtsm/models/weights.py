"""Save and load the weights of networks, with the names and options to rebuild them.

A weight file is a safetensors file whose metadata names a network of the catalog and its options. `load_model` also
reads checkpoints of a training run and the authors' released ones. A network of your own is saved with the arguments
that built it; loading imports nothing that a file names, so pass its class to `load_model`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, overload

import safetensors.torch
import torch
from torch import Tensor, nn

from lgtsm.models.stored import FORMAT, Stored, read_networks
from lgtsm.models.weight_checks import check_fit, check_values, create_noted, find_untrained
from lgtsm.whole_files import whole_file

__all__ = ["NeedsClassError", "load_model", "note_own", "read_networks", "save_model"]
Network = TypeVar("Network", bound=nn.Module)


class NeedsClassError(ValueError):
    """A file holds a network of one's own, and no class was passed; `holds` says so without advice."""

    def __init__(self, holds: str):
        super().__init__(f"{holds} Pass it, as in load_model(path, model=MyModel).")
        self.holds = holds


def note_own(network: nn.Module, name: str, arguments: dict[str, Any]) -> None:
    """Note a network's class and arguments for the files it is saved in; networks of the catalog have their own note.

    Args:
        network: gets the attribute `own_entry`.
        name: of its class, for people to read; it is never imported.
        arguments: plain values by name. Where they hold a `_target_`, or anything else that JSON does not take, they
            are not noted, and `load_model` needs a built network, or a function without arguments that builds it.

    Raises:
        ValueError: its weights cannot be saved.
    """
    if getattr(network, "catalog_entry", None) is not None:
        return
    arguments = {key: value for key, value in arguments.items() if key != "_target_"}
    noted: Any = network
    noted.own_entry = {"class": name, "arguments": arguments if _is_plain(arguments) else None}
    _to_bytes(network)


def _is_plain(arguments: dict[str, Any]) -> bool:
    try:
        text = json.dumps(arguments)
    except (TypeError, ValueError):
        return False
    return not any(f'"{word}"' in text for word in ("_target_", "_partial_", "_args_"))


def save_model(model: nn.Module, path: str | Path, about: dict[str, Any] | None = None, half: bool = False) -> None:
    """Write a weight file; an old one stays until the new one is complete.

    Args:
        model: a network of `lgtsm.create_model`, or of your own.
        path: ends in .safetensors.
        about: plain values to keep beside the weights: source, license, training, scores.
        half: store floats in fp16.

    Raises:
        ValueError: the state is empty or holds anything but tensors, weights are not finite (or too large for fp16 with
            `half`), or the path has another ending.
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
    if found := find_untrained({key: state[key] for key, _ in model.named_parameters() if key in state}):
        why = "half=True stores numbers up to 65504 only" if half else "load_model would refuse them"
        raise ValueError(f"A {type(model).__name__} cannot be saved: {found}, and {why}.")
    metadata = {"format": FORMAT, "model": json.dumps(entry), "own_model": json.dumps(own)}
    return safetensors.torch.save(state, {**metadata, "about": json.dumps(about or {})})


@overload
def load_model(path: str | Path, model: None = None) -> nn.Module: ...
@overload
def load_model(path: str | Path, model: Network) -> Network: ...
@overload
def load_model(path: str | Path, model: Callable[..., Network]) -> Network: ...
def load_model(path: str | Path, model: nn.Module | Callable[..., nn.Module] | None = None) -> nn.Module:
    """Rebuild a network with its weights, in eval mode, on the CPU.

    Args:
        path: a weight file (.safetensors), a checkpoint of a training run (.ckpt; its averaged weights if it has them),
            or an authors' checkpoint (.pth).
        model: for a network of your own, its class, to call with the arguments in the file, or a built network that
            takes the weights. A function without arguments that builds it works too, if the file has none. Nothing that
            a file names is imported.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not one of these, is damaged, or needs `model`.
    """
    stored = read_networks(path)
    if model is None and stored.options is not None:
        check_values(path, stored.generator)
        return create_noted(path, stored.options, stored.generator).eval()
    network: Any = model if isinstance(model, nn.Module) else _rebuild(stored, Path(path), model)
    check_fit(path, network, stored.generator)
    # A buffer may be infinite on purpose, such as the mask of an attention.
    state = stored.generator
    check_values(path, {key: state[key] for key, _ in network.named_parameters() if key in state})
    network.load_state_dict(stored.generator)
    if stored.own is not None:
        network.own_entry = stored.own
    return network.eval()


def _rebuild(stored: Stored, path: Path, own_class: Callable[..., nn.Module] | None) -> nn.Module:
    own = stored.own if isinstance(stored.own, dict) else {}
    name = f"a network of the class {own['class']!s:.100}" if "class" in own else "a network without a note"
    if own_class is None:
        raise NeedsClassError(
            f"{path} holds {name}, which is not in the catalog. A class that a file names is never imported."
        )
    arguments: Any
    if isinstance(stored.options, dict):
        arguments = {key: value for key, value in stored.options.items() if key != "name"}
    else:
        arguments = own.get("arguments")
    if not isinstance(arguments, dict):
        return _from_class(path, stored, own_class, None, f"{name} without the arguments that built it")
    unknown = " and ".join(key for key, value in arguments.items() if "${oc.env:" in json.dumps(value))
    if unknown:
        what = f"{name}, which took its argument {unknown} from the environment; such values are not stored"
        return _from_class(path, stored, own_class, None, what)
    return _from_class(path, stored, own_class, arguments, f"{name}, built with {arguments!r:.200}")


def _from_class(
    path: Path, stored: Stored, own_class: Callable[..., nn.Module], arguments: dict[str, Any] | None, what: str
) -> nn.Module:
    """Call a class, or a function, with the noted arguments; where none are noted, one that takes none at all.

    Defaults of a class may differ from the arguments that built the network, with the same weights.
    """
    try:
        with suppress(ValueError):  # some of Python's own classes have no signature
            taken = inspect.signature(own_class)
            if arguments is None and isinstance(own_class, type) and taken.parameters:
                raise TypeError(f"it has arguments: {', '.join(taken.parameters)}")
            taken.bind(**arguments or {})
    except TypeError as error:
        raise ValueError(
            f"{path} holds {what}; the passed class does not fit that ({error}). Pass a built network, as in "
            "load_model(path, model=MyModel(...)), or a function without arguments that builds it."
        ) from error
    given = arguments or {}
    try:
        with torch.device("meta"):  # takes no memory, whatever sizes the file asks for
            plan = own_class(**given)
            fits = isinstance(plan, nn.Module)
    except Exception:  # not every class can be built there
        fits = False
    if fits:
        check_fit(path, plan, stored.generator)
    try:
        network = own_class(**given)
    except (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError, LookupError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"{path} holds {what}, and the passed class cannot be built so ({reason:.300}).") from error
    if not isinstance(network, nn.Module):
        raise ValueError(
            f"{path} holds {what}; what is passed must give a network (torch.nn.Module); it gave a "
            f"{type(network).__name__}. Pass a built network, or its class."
        )
    return network
