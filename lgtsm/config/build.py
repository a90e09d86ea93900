"""Build objects from a configuration.

A configuration is a program: as everywhere in Hydra, it may name any class or function, including your own, and
building it runs that code. Build only configurations that you would run as a script. Weights, checkpoints and videos
are data: nothing in them names a class to import (`lgtsm.models.weights`).
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from types import SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

NUMBERS = {int: "a whole number", float: "a number", bool: "true or false"}
NO_TEXT = ("Tensor", "tuple", "list")  # other kinds that are no text
SPECIAL = ("_target_", "_partial_", "_args_")  # the keywords of Hydra that `build` supports
ARGUMENT = re.compile(r"`([a-z]\w*(?:=[\w.]+)?)`")
REFERENCE = re.compile(r"\$\{(\w[\w.]*)\}")


class ConfigError(ValueError):
    """A configuration value is unusable; the message names its key."""


def build(config: DictConfig | None, key: str, expected: type | tuple[type, ...] | None = None, **extra: Any) -> Any:
    """Build the object that a node describes, innermost parts first.

    Each built argument must match the type annotation of the parameter it is passed to.

    Args:
        config: the node with `_target_`; None and the target null build None, at any depth.
        key: its path in the whole configuration, for error messages. For a reference such as ${model}, errors name the
            path it points to.
        expected: required type (or types) of the result.
        extra: further arguments for the target; they replace those in the configuration.

    Raises:
        ConfigError: the target cannot be imported or refuses its arguments, a value is missing, or a type is wrong.
    """
    if config is None:
        return None
    built = _build(config, key, extra)
    if built is not None and expected is not None and not isinstance(built, expected):
        names = " or ".join(t.__name__ for t in (expected if isinstance(expected, tuple) else (expected,)))
        raise _wrong_type(key, names, config, built)
    return built


def build_all(config: DictConfig | None, key: str, expected: type | None = None) -> dict[str, Any]:
    """Build the entries of a group by name, in order; skip null entries."""
    entries = {str(name): node for name, node in (config or {}).items()}
    built = {name: build(node, f"{key}.{name}", expected) for name, node in entries.items()}
    return {name: value for name, value in built.items() if value is not None}


def _build(node: Any, key: str, extra: dict[str, Any] | None = None) -> Any:
    """Return a node as plain Python, with every `_target_` in it built."""
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
    if refused := [name for name in ("_recursive_", "_convert_") if name in arguments]:
        raise ConfigError(f"{key}.{refused[0]} is not supported: every node is built, as plain values. Remove it.")
    target = _find(node["_target_"], key)
    for name, value in arguments.items():
        place = _place(node, name, f"{key}.{name}")
        hint = _hint(target, name)
        if not isinstance(node[name], DictConfig):
            _check_number(value, hint, place, str(getattr(target, "__module__", "")).startswith("lgtsm"))
        _check_type(value, hint, node[name], place)
    call = functools.partial(target, *values.get("_args_", ()), **{**arguments, **(extra or {})})
    return call if node.get("_partial_") else _call(call, key, node)


def _children(node: DictConfig | ListConfig, key: str, leave_out: Collection[str] = ()) -> Iterator[tuple[Any, Any]]:
    names: Iterable[Any] = node if isinstance(node, DictConfig) else range(len(node))
    for name in names:
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
    """Return the key where a child is written: its own, or the one its reference points to."""
    whole: Any = OmegaConf.to_container(node, resolve=False)
    written = whole[name]
    match = REFERENCE.fullmatch(written) if isinstance(written, str) else None
    return own if match is None else match[1]


def _find(target: str, key: str) -> Callable[..., Any]:
    try:
        found = get_object(target)
    except Exception as error:  # an import can fail in any way
        raise ConfigError(
            f"{key}._target_ names {target!r}, which cannot be imported ({' '.join(str(error).split())}). Check "
            "its name, and that its package is installed or its folder is on PYTHONPATH."
        ) from error
    if not callable(found):
        raise ConfigError(f"{key}._target_ must name a class or a function; {target!r} is a {type(found).__name__}.")
    return found


def _call(call: Callable[[], Any], key: str, node: DictConfig) -> Any:
    target = node["_target_"]
    try:
        return call()
    except (ValueError, FileNotFoundError) as error:
        raise ConfigError(f"{key}: {in_keys(str(error), key, node)}") from error
    except Exception as error:
        if type(error).__module__.startswith("lgtsm"):
            raise
        texts = [f"{key}.{name}" for name, value in getattr(call, "keywords", {}).items() if isinstance(value, str)]
        check = f". Does it want numbers for {', '.join(texts)}?" if type(error) is TypeError and texts else ""
        raise ConfigError(f"{key} cannot be built: {target} raised {type(error).__name__}: {error}{check}") from error


def in_keys(sentence: str, key: str, node: DictConfig) -> str:
    """Replace arguments that an error of the library names in backticks, like `split=all`, by configuration keys.

    An argument that refers to another key is set there, for all who use it.
    """

    def replaced(match: re.Match) -> str:
        name, equals, value = match[1].partition("=")
        own = f"{key}.{name}"
        return f"{_place(node, name, own) if name in node else own}{equals}{value}"

    return ARGUMENT.sub(replaced, sentence)


def _hint(target: Callable[..., Any], name: str) -> Any:
    """Return an argument's annotated type, or None if it cannot be resolved."""
    # A subclass may pass arguments on; the annotation is then in a base class.
    functions: list[Any] = (
        [vars(kind).get("__init__") for kind in target.__mro__] if inspect.isclass(target) else [target]
    )
    for function in functions:
        written = {key: hint for key, hint in getattr(function, "__annotations__", {}).items() if key == name}
        if written:
            try:
                return get_type_hints(SimpleNamespace(__annotations__=written), function.__globals__)[name]
            except Exception:  # often a name imported for type checkers only
                return None
    return None


def _check_type(value: Any, hint: Any, node: Any, key: str) -> None:
    """Refuse an object, or the entries of a group, of another type than the annotated one."""
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


def _check_number(value: Any, hint: Any, key: str, ours: bool) -> None:
    """Refuse text and the like where a number or a switch is wanted, and fractions where a whole number is."""
    kinds = [hint] if get_origin(hint) not in (Union, UnionType) else list(get_args(hint))
    wanted = [NUMBERS[kind] for kind in kinds if kind in NUMBERS]
    others = [get_origin(kind) or kind for kind in kinds if kind not in NUMBERS and kind is not type(None)]
    if not wanted or any(getattr(kind, "__name__", "") not in NO_TEXT for kind in others):
        return  # something else may be given too
    whole = int in kinds and float not in kinds
    number = not isinstance(value, bool) and isinstance(value, (int, float)) and (int in kinds or float in kinds)
    listed = isinstance(value, (list, tuple)) and bool(others)
    nothing = value is None and (type(None) in kinds or not ours)  # others allow it without saying so
    if nothing or listed or (isinstance(value, bool) and bool in kinds):
        return
    if number and not (whole and isinstance(value, float)):
        return
    raise ConfigError(f"{key} must be {' or '.join(dict.fromkeys(wanted))}; got {value!r}.")


def _fits(value: Any, kind: Any) -> bool:
    kind = get_origin(kind) or kind
    try:
        return not isinstance(kind, type) or isinstance(value, kind)
    except TypeError:  # a protocol without runtime checks
        return True


def _wrong_type(key: str, wanted: str, node: DictConfig, built: Any) -> ConfigError:
    return ConfigError(f"{key} must describe a {wanted}; {node.get('_target_')} gave a {type(built).__name__}.")


def given(value: Any) -> Any:
    """Return the value: a target for nodes that stand in for another node (conf/mask/same.yaml)."""
    return value
