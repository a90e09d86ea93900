"""Video inpainting with learnable gated temporal shifts.

The public names below load on first use, so that `import lgtsm` stays as light as `import torch`.
"""

from __future__ import annotations

import importlib

from lgtsm.version import __version__

_PUBLIC = {
    "add_temporal_shift": "lgtsm.layers.convert",
    "create_model": "lgtsm.models.catalog",
    "create_discriminator": "lgtsm.models.catalog",
    "list_models": "lgtsm.models.catalog",
    "load_official": "lgtsm.models.official_weights",
    "load_model": "lgtsm.models.weights",
    "save_model": "lgtsm.models.weights",
    "Inpainter": "lgtsm.inference.inpainter",
}

# Reached as lgtsm.masks.sample_hole and so on, without an import of their own.
_ROOMS = (
    "classical", "config", "data", "evaluation", "export", "features", "inference", "layers", "losses", "masks",
    "metrics", "models", "ops", "training", "video",
)  # fmt: skip

__all__ = [
    "Inpainter",
    "__version__",
    "add_temporal_shift",
    "create_discriminator",
    "create_model",
    "list_models",
    "load_model",
    "load_official",
    "save_model",
]

TYPE_CHECKING = False  # as type checkers know it; `typing` takes its time, in which Ctrl-C would be a traceback
if TYPE_CHECKING:
    from lgtsm.inference.inpainter import Inpainter
    from lgtsm.layers.convert import add_temporal_shift
    from lgtsm.models.catalog import create_discriminator, create_model, list_models
    from lgtsm.models.official_weights import load_official
    from lgtsm.models.weights import load_model, save_model


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"lgtsm.{name}")
    raise AttributeError(f"module 'lgtsm' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
