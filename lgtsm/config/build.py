"""The one doorway from a configuration to objects.

A configuration is a program: it may name any class or function, one's own too, and building it runs that code, as
everywhere in Hydra. So build only configurations that you would also run as a script. Weights, checkpoints and videos
are data: nothing in them names a class that gets imported (`lgtsm.models.weights`).
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Collection, Iterator
from types import SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

SPECIAL = ("_target_", "_partial_", "_args_")  # of Hydra's words, those that are known here
REFERENCE = re.compile(r"\$\{(\w[\w.]*)\}")


class ConfigError(ValueError):
    """A value of the configuration cannot be used; the sentence names its key."""


def build(config: DictConfig | None, key: str, expected: type | tuple[type, ...] | None = None, **extra: Any) -> Any:
    """Build what the configuration describes under `key`, from the inside out.

    What a `_target_` gives must have the type that the argument it is for is annotated with.

    Args:
        config: the node with `_target_`; None builds None, and so does the target null, at any depth.
        key: its place in the whole configuration, for error messages. Where a value is a reference such as ${model},
            errors name the place it points to.
        expected: type (or types) that must come out.
        extra: further arguments for the target, in place of what the configuration says about them.

    Raises:
        ConfigError: a target that cannot be imported, arguments that it refuses, a missing value, or another type.
    """
    if config is None:
        return None
    built = _build(config, key, extra)
    if built is not None and expected is not None and not isinstance(built, expected):
        names = " or ".join(t.__name__ for t in (expected if isinstance(expected, tuple) else (expected,)))
        raise _wrong_type(key, names, config, built)
    return built


def build_all(config: DictConfig | None, key: str, expected: type | None = None) -> dict[str, Any]:
    """Build every entry of a group by its name, in order; entries that are null are left out."""
    built = {str(name): build(node, f"{key}.{name}", expected) for name, node in (config or {}).items()}
    return {name: value for name, value in built.items() if value is not None}


def _build(node: Any, key: str, extra: dict[str, Any] | None = None) -> Any:
    """Return a node as plain Python, everything with a `_target_` in it built."""
    if not isinstance(node, (DictConfig, ListConfig)):
        return node
    if isinstance(node, DictConfig) and "_target_" in node and node["_target_"] is None:
        return None
    values = dict(_children(node, key, leave_out=extra or ()))
    if isinstance(node, ListConfig):
        return list(values.values())
    if "_target_" not in node:
        return values
    arguments = {name: value for name, value in values.items() if name not in SPECIAL}
    target = _find(node["_target_"], key)
    for name, value in arguments.items():
        _check_type(value, _hint(target, name), node[name], _place(node, name, f"{key}.{name}"))
    call = functools.partial(target, *values.get("_args_", ()), **{**arguments, **(extra or {})})
    return call if node.get("_partial_") else _call(call, key, node["_target_"])


def _children(node: DictConfig | ListConfig, key: str, leave_out: Collection[str] = ()) -> Iterator[tuple[Any, Any]]:
    for name in node if isinstance(node, DictConfig) else range(len(node)):
        if name in leave_out:
            continue
        own = f"{key}[{name}]" if isinstance(node, ListConfig) else f"{key}.{name}"
        try:
            child = node[name]
        except MissingMandatoryValue as error:
            raise ConfigError(f"{own} has no value. Set it on the command line: {own}=VALUE.") from error
        except OmegaConfBaseException as error:
            raise ConfigError(f"{own}: {str(error).splitlines()[0]}.") from error
        yield name, _build(child, _place(node, name, own))


def _place(node: DictConfig | ListConfig, name: Any, own: str) -> str:
    """Return where a child is written: its own key, or what its reference points to."""
    written = OmegaConf.to_container(node, resolve=False)[name]
    match = REFERENCE.fullmatch(written) if isinstance(written, str) else None
    return own if match is None else match[1]


def _find(target: str, key: str) -> Callable[..., Any]:
    try:
        found = get_object(target)
    except Exception as error:  # a module can fail in any way while it is imported
        raise ConfigError(
            f"{key}._target_ names {target!r}, which cannot be imported ({' '.join(str(error).split())}). Check its "
            "name, and that its package is installed or its folder on PYTHONPATH."
        ) from error
    if not callable(found):
        raise ConfigError(f"{key}._target_ must name a class or a function; {target!r} is a {type(found).__name__}.")
    return found


def _call(call: Callable[[], Any], key: str, target: str) -> Any:
    try:
        return call()
    except (ValueError, FileNotFoundError) as error:
        raise ConfigError(f"{key}: {error}") from error
    except Exception as error:
        if type(error).__module__.startswith("lgtsm"):
            raise
        raise ConfigError(f"{key} cannot be built: {target} raised {type(error).__name__}: {error}") from error


def _hint(target: Callable[..., Any], name: str) -> Any:
    """Return the type that an argument is annotated with, or None where there is none that can be looked up."""
    # A class that hands its arguments on is annotated where it comes from.
    functions = [vars(kind).get("__init__") for kind in target.__mro__] if inspect.isclass(target) else [target]
    for function in functions:
        written = {key: hint for key, hint in getattr(function, "__annotations__", {}).items() if key == name}
        if written:
            try:
                return get_type_hints(SimpleNamespace(__annotations__=written), function.__globals__)[name]
            except Exception:  # often a name that is imported for type checkers only
                return None
    return None


def _check_type(value: Any, hint: Any, node: Any, key: str) -> None:
    """Refuse what was built from a node, or from the entries of a group, if it is not of the annotated type."""
    if hint is None or value is None or not isinstance(node, DictConfig):
        return
    kinds = [hint] if get_origin(hint) not in (Union, UnionType) else list(get_args(hint))
    if "_target_" not in node:
        inner = next((get_args(kind)[1] for kind in kinds if get_origin(kind) is dict), None)
        for name, one in value.items():
            _check_type(one, inner, node[name], _place(node, name, f"{key}.{name}"))
    elif not node.get("_partial_") and not any(_fits(value, kind) for kind in kinds):
        names = [getattr(kind, "__name__", str(kind)) for kind in kinds if kind is not type(None)]
        raise _wrong_type(key, " or ".join(names), node, value)


def _fits(value: Any, kind: Any) -> bool:
    kind = get_origin(kind) or kind
    try:
        return not isinstance(kind, type) or isinstance(value, kind)
    except TypeError:  # a protocol that cannot be checked
        return True


def _wrong_type(key: str, wanted: str, node: DictConfig, built: Any) -> ConfigError:
    return ConfigError(f"{key} must describe a {wanted}; {node.get('_target_')} gave a {type(built).__name__}.")


def given(value: Any) -> Any:
    """Return the value: the target of a node that stands for another one (conf/mask/same.yaml)."""
    return value


def targets(config: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield (key, target) of every `_target_` at or below a node."""
    if isinstance(config, DictConfig):
        if config.get("_target_") is not None:
            yield key, str(config["_target_"])
        for name in config:
            try:
                value = None if OmegaConf.is_missing(config, name) else config[name]
            except OmegaConfBaseException:
                continue  # a reference to what the user has to give
            yield from targets(value, f"{key}.{name}")
    elif isinstance(config, ListConfig):
        for index, node in enumerate(config):
            yield from targets(node, f"{key}[{index}]")
