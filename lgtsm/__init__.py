"""Video inpainting with learnable gated temporal shifts.

The public names below load on first use, so that `import lgtsm` stays as light as `import torch`. The rooms do too:
`lgtsm.masks.sample_hole` needs no import of its own.
"""

from __future__ import annotations

import importlib

from lgtsm.lazy_names import on_first_use
from lgtsm.version import __version__

TYPE_CHECKING = False  # as type checkers know it; `typing` takes its time, in which Ctrl-C would be a traceback
if TYPE_CHECKING:
    from typing import Any

    from lgtsm import classical as classical
    from lgtsm import config as config
    from lgtsm import data as data
    from lgtsm import evaluation as evaluation
    from lgtsm import export as export
    from lgtsm import features as features
    from lgtsm import inference as inference
    from lgtsm import layers as layers
    from lgtsm import losses as losses
    from lgtsm import masks as masks
    from lgtsm import metrics as metrics
    from lgtsm import models as models
    from lgtsm import ops as ops
    from lgtsm import training as training
    from lgtsm import video as video
    from lgtsm.inference.inpainter import Inpainter
    from lgtsm.layers.convert import add_temporal_shift
    from lgtsm.models.catalog import create_discriminator, create_model, list_methods, list_models
    from lgtsm.models.methods import load_method
    from lgtsm.models.official_weights import load_official
    from lgtsm.models.weights import load_model, save_model

_MODULES = {
    "Inpainter": "lgtsm.inference.inpainter",
    "add_temporal_shift": "lgtsm.layers.convert",
    "create_discriminator": "lgtsm.models.catalog",
    "create_model": "lgtsm.models.catalog",
    "list_methods": "lgtsm.models.catalog",
    "list_models": "lgtsm.models.catalog",
    "load_method": "lgtsm.models.methods",
    "load_model": "lgtsm.models.weights",
    "load_official": "lgtsm.models.official_weights",
    "save_model": "lgtsm.models.weights",
}
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
    "list_methods",
    "list_models",
    "load_method",
    "load_model",
    "load_official",
    "save_model",
]
if not TYPE_CHECKING:
    _find, __dir__ = on_first_use(__name__, _MODULES)

    def __getattr__(name: str) -> Any:
        return importlib.import_module(f"lgtsm.{name}") if name in _ROOMS else _find(name)
