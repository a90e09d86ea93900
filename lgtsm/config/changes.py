"""Compare the configuration of a resumed run with the one that it began with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from omegaconf import DictConfig, OmegaConf

from lgtsm.config.build import ConfigError
from lgtsm.config.record import plain

# Where a run lies, how it is started, and what it prints may always change, unmentioned.
UNMENTIONED = ("paths", "resume", "hydra", "trainer.default_root_dir", "trainer.precision")
ABSENT = "nothing"
# What a checkpoint holds the result of, by the start of the key.
FIXED = {
    "model": "its weights belong to that network",
    "discriminator": "its weights belong to that network",
    "seed": "its clips and holes follow from that seed",
    "init_from": "its weights have replaced those it began with",
    "init_discriminator": "its weights have replaced those it began with",
}
FIXED_OPTIMIZER = ("_target_", "amsgrad", "centered")  # decide what an optimizer remembers


class Change(NamedTuple):
    """A key of the configuration whose value has changed."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.key} {_shown(self.old)} -> {_shown(self.new)}"


def compared(config: DictConfig) -> dict[str, Any]:
    """Return what a resumed run is compared by: plain values by key, without those that follow from others."""
    follows = _references(OmegaConf.to_container(config, resolve=False))
    leaves = _leaves(plain(config))
    return {key: value for key, value in leaves if not _below(key, UNMENTIONED) and not _below(key, follows)}


def changes(before: dict[str, Any], config: DictConfig) -> list[Change]:
    """Return what differs from the configuration of an earlier start.

    Args:
        before: that configuration, from `compared` or `read_config`.
        config: the configuration of this start.
    """
    now, follows = compared(config), _references(OmegaConf.to_container(config, resolve=False))
    found = []
    for key in [*now, *(key for key in before if key not in now)]:
        change = Change(key, before.get(key, ABSENT), now.get(key, ABSENT))
        kept = key == "precision" and change.new == "auto"  # auto keeps the precision of a resumed run
        if change.old == change.new or kept or _below(key, UNMENTIONED) or _below(key, follows):
            continue
        found.append(change)
    # Where another class is built, its arguments go without saying.
    built = [change.key for change in found if change.key.endswith("._target_")]
    return [change for change in found if change.key in built or not _goes_with(change, built)]


def check_resumable(found: list[Change], folder: str | Path, checkpoint: str | Path) -> None:
    """Refuse changes that a resumed run cannot follow.

    Args:
        found: from `changes`.
        folder: the folder of the run, for the message.
        checkpoint: the checkpoint, for the message.

    Raises:
        ConfigError: names each of them.
    """
    reasons = {str(change): reason for change in found if (reason := _why_fixed(change)) is not None}
    if not reasons:
        return
    why = "; ".join(dict.fromkeys(reasons.values()))
    raise ConfigError(
        f"The run in {folder} cannot continue with {', '.join(reasons)}: {why}. Set "
        f"{'them' if len(reasons) > 1 else 'it'} back, or start a new run from its weights: "
        f"init_from={checkpoint} without resume, and another paths.run."
    )


def read_config(folder: str | Path) -> dict[str, Any] | None:
    """Return the configuration of the run in a folder, by key, or None if there is none that can be read."""
    try:
        found = yaml.safe_load((Path(folder) / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return dict(_leaves(found)) if isinstance(found, dict) else None


def _why_fixed(change: Change) -> str | None:
    root, _, rest = change.key.partition(".")
    if root == "optimizer" and rest.split(".")[-1] in FIXED_OPTIMIZER:
        return "its optimizers and schedules remember what the earlier kind needs"
    if change.key == "average_decay" and None in (change.old, change.new):
        return "it has averaged weights from its first step on or never"
    return FIXED.get(root)


def _goes_with(change: Change, built: list[str]) -> bool:
    return ABSENT in (change.old, change.new) and any(
        change.key.startswith(key.removesuffix("_target_")) for key in built
    )


def _leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a configuration by key; lists, and groups without entries, are values."""
    if isinstance(node, dict) and (node or not key):
        for name, child in node.items():
            yield from _leaves(child, f"{key}.{name}".lstrip("."))
    else:
        yield key, node


def _references(written: Any, key: str = "") -> set[str]:
    """Return the keys whose value is that of another key."""
    if isinstance(written, dict):
        return {found for name, child in written.items() for found in _references(child, f"{key}.{name}".lstrip("."))}
    refers = isinstance(written, str) and "${" in written and "${oc.env:" not in written
    return {key} if refers else set()


def _below(key: str, roots: Any) -> bool:
    parts = key.split(".")
    return any(".".join(parts[:length]) in roots for length in range(1, len(parts) + 1))


def _shown(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
