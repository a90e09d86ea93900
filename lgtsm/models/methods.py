"""Methods that fill without a weight file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from lgtsm.checks import check_choice
from lgtsm.models.catalog import BEST_PASSES, DEFAULT_METHOD, MODELS, QUALITIES, create_model, list_methods
from lgtsm.models.weights import load_model

WEIGHTS = Path(__file__).parents[1] / "weights"


def shipped_weights(name: str) -> Path | None:
    """Return the weight file that ships with a network; None for a method without weights."""
    file = MODELS[name].weights
    return None if file is None else WEIGHTS / file


def load_method(name: str = DEFAULT_METHOD, quality: str = "normal") -> nn.Module:
    """Return a method that is ready to fill, called `method(video, hole) -> {"filled", "predicted"}`, in eval mode.

    Args:
        name: of `lgtsm.list_methods()`: a method without weights, or a network whose weights ship with the package.
        quality: "normal", or "best", which takes longer, of flow-fusion.

    Raises:
        ValueError: there is no such method or quality, or it needs a weight file.
    """
    check_choice("quality", quality, QUALITIES)
    if name not in (known := list_methods()):
        also = " Its weights are yours to give: lgtsm.load_model(FILE)." if name in MODELS else ""
        raise ValueError(f"There is no method {name!r} without a weight file; known are {', '.join(known)}.{also}")
    if quality == "best" and name not in BEST_PASSES:
        raise ValueError(f"quality must be normal for {name}; {', '.join(BEST_PASSES)} alone knows best.")
    weights = shipped_weights(name)
    model: Any = create_model(name).eval() if weights is None else load_model(weights)
    if quality == "best":
        model.passes = BEST_PASSES[name]
    return model
