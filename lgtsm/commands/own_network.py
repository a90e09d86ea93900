"""Load a network, of a class that a person names if it is one's own."""

from __future__ import annotations

import argparse
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


def add_own_class(parser: argparse._ActionsContainer) -> None:
    """Add the option --own-class."""
    parser.add_argument(
        "--own-class",
        metavar="NAME",
        help="import this class for a network of your own, like my_package.MyModel; a class that a file names is never "
        "imported",
    )


def import_own(name: str, argument: str = "own_class") -> Callable[..., Any]:
    """Import a class, or a function that builds a network, by its name.

    Args:
        name: like my_package.MyModel.
        argument: that holds the name, for errors.

    Raises:
        ValueError: there is no such class.
    """
    try:
        found = pkgutil.resolve_name(name)
    except Exception as error:  # an import can fail in any way
        raise ValueError(
            f"`{argument}` names {name!r}, which cannot be imported ({' '.join(str(error).split())}). Check its name, "
            "and that its package is installed or its folder is on PYTHONPATH."
        ) from error
    if not callable(found):
        raise ValueError(f"`{argument}` must name a class or a function; {name!r} is a {type(found).__name__}.")
    return found


def load_network(checkpoint: str, own_class: str | None, notice: Callable[[str], None]) -> nn.Module:
    """Load the network of a checkpoint.

    Args:
        checkpoint: the file.
        own_class: name of the class for it; None for a network of the catalog.
        notice: takes a sentence where the file notes another class.

    Raises:
        FileNotFoundError, ValueError: as `lgtsm.load_model`, and where the class cannot be imported.
    """
    from lgtsm.models.weights import NeedsClassError, load_model

    if own_class is None:
        try:
            return load_model(checkpoint)
        except NeedsClassError as error:
            raise ValueError(f"{error.holds} Name the class, if you trust its code, with `own_class`.") from error
    found = import_own(own_class)
    network = load_model(checkpoint, model=found)
    noted = (getattr(network, "own_entry", None) or {}).get("class")
    if noted not in (None, own_class, f"{found.__module__}.{found.__qualname__}"):
        notice(f"{checkpoint} was saved from the class {noted!s:.100}; own_class={own_class} takes its weights")
    return network
