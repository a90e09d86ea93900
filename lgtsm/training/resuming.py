"""Check that a checkpoint continues this run, before it is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sized
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lgtsm.torch_files import read_torch_file
from lgtsm.training.inpainting_gan import CHECKPOINT_KEY, InpaintingGAN

MOST_NAMES = 1_000_000
# What a resumed run reads of a checkpoint, and of this library's part of it. Earlier versions noted no videos, config.
ENTRIES = {
    "pytorch-lightning_version": (str,),
    "global_step": (int,),
    "epoch": (int,),
    "state_dict": (dict,),
    "loops": (dict,),
    "callbacks": (dict,),
    "optimizer_states": (list,),
    "lr_schedulers": (list,),
}
OWN_ENTRIES = {
    "batches_done": (int,),
    "skipped_steps": (int,),
    "plateau": (dict, type(None)),
    "random_state": (dict,),
    "videos": (dict, type(None)),
    "config": (dict, type(None)),
}


def videos_of(clips: Sized) -> dict[str, Any]:
    """Return what decides in which order a data set is drawn from: {"count": clips, "names": a hash, or None}."""
    name = getattr(getattr(clips, "videos", None), "name", None)
    if not callable(name) or len(clips) > MOST_NAMES:
        return {"count": len(clips), "names": None}
    names = "\n".join(str(name(index)) for index in range(len(clips)))
    return {"count": len(clips), "names": hashlib.sha256(names.encode()).hexdigest()}


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Return a whole checkpoint; its tensors stay in the file until they are used.

    Raises:
        ValueError: it is not of this program, or lacks something to continue with.
    """
    stored = read_torch_file(path, mmap=True)
    if not isinstance(stored, dict) or not isinstance(stored.get(CHECKPOINT_KEY), dict) or "state_dict" not in stored:
        raise ValueError(f"{path} is not a checkpoint of lgtsm train, so no run can continue from it.")
    _check_entries(path, stored, ENTRIES, "")
    _check_entries(path, stored[CHECKPOINT_KEY], OWN_ENTRIES, f"{CHECKPOINT_KEY}.")
    return stored


def _check_entries(
    path: str | Path, stored: dict[str, Any], entries: Mapping[str, tuple[type, ...]], place: str
) -> None:
    for name, kinds in entries.items():
        value = stored.get(name)
        if not isinstance(value, kinds) or (isinstance(value, int) and value < 0):
            what = f"is {value!r:.50}" if name in stored else "is missing"
            raise ValueError(
                f"The checkpoint {path} has nothing to continue with: its entry {place}{name} {what}. Its networks may "
                f"still be whole: start a new run from them with init_from={path} without resume."
            )


def check_continues(stored: dict[str, Any], checkpoint: str | Path, module: InpaintingGAN) -> None:
    """Compare a checkpoint with the networks and the videos of this run.

    Args:
        stored: from `read_checkpoint`.
        checkpoint: its path, for messages.
        module: the run, with its `videos`.

    Raises:
        ValueError: it is of other networks or videos; the message names what differs.
    """
    own = stored[CHECKPOINT_KEY]
    elsewhere = f"start a new run from its weights: init_from={checkpoint} without resume, and another paths.run"
    differs = _first_difference(stored["state_dict"], module.state_dict())
    if differs is not None:
        raise ValueError(
            f"The checkpoint {checkpoint} belongs to other networks: {differs}. Set them back, or {elsewhere}."
        )
    if len(stored["optimizer_states"]) != len(module.networks):
        raise ValueError(
            f"The checkpoint {checkpoint} holds {len(stored['optimizer_states'])} optimizers, and this run has "
            f"{len(module.networks)}, so it cannot continue. Instead, {elsewhere}."
        )
    weights = {name for name, _ in module.named_parameters()}  # buffers of one's own may be infinite on purpose
    for key, value in stored["state_dict"].items():
        if key in weights and not torch.isfinite(value).all():
            raise ValueError(
                f"The checkpoint {checkpoint} is damaged: {key} has values that are not finite (NaN or Inf). Use an "
                "earlier one."
            )
    before, now = own.get("videos"), module.videos
    if before is not None and now is not None and before != now:
        number = f"{before['count']} clips, now there are {now['count']}"
        what = number if before["count"] != now["count"] else "as many clips, of other names"
        raise ValueError(
            f"The checkpoint {checkpoint} was trained on other videos ({what}), and the order in which they are drawn "
            f"depends on all of them. Set data back, or {elsewhere}."
        )


def _first_difference(stored: dict[str, Any], expected: dict[str, Any]) -> str | None:
    for key in sorted(stored.keys() ^ expected.keys()):
        return f"{key} is only in {'the checkpoint' if key in stored else 'this run'}"
    for key, value in expected.items():
        found = stored[key]
        if isinstance(value, Tensor) and isinstance(found, Tensor) and value.shape != found.shape:
            return f"{key} is {_size(found)} there and {_size(value)} here"
    return None


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
