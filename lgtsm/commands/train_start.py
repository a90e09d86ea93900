"""What `lgtsm train` settles before it starts: numbers, changes since a checkpoint, networks, losses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from lgtsm.config.build import ConfigError
from lgtsm.config.check import check_switches, check_texts, check_whole

if TYPE_CHECKING:
    from torch import nn

    from lgtsm.config.changes import Change
    from lgtsm.models.transfer import Matched
    from lgtsm.training.inpainting_gan import InpaintingGAN


def check_values(config: DictConfig) -> None:
    """Refuse values that are used before, or besides, building what they belong to.

    Raises:
        ConfigError: names the key.
    """
    least = {"seed": 0, "max_steps": 1, "steps_per_epoch": 1, "num_threads": 1}
    if config.num_threads is None:
        del least["num_threads"]
    if config.max_steps == -1:  # without end
        del least["max_steps"]
    check_whole(config, least)
    for key in ("model", "optimizer", "module", "loader", "trainer"):
        node = config[key]
        if not isinstance(node, DictConfig) or node.get("_target_") is None:
            raise ConfigError(f"{key} must describe what to build, by its _target_; got {node!s:.100}.")
    check_switches(config, "evaluate", "init_discriminator")
    check_texts(config, "name", "optimized_metric")


def try_optimizers(module: InpaintingGAN) -> None:
    """Build the optimizers once before the run; theirs is the only part that waits for Lightning.

    Raises:
        ConfigError: they refuse their options.
    """
    from lgtsm.training.optimizer_steps import NetworkOptimizers

    if not isinstance(module.optimizer, NetworkOptimizers):
        return
    try:
        module.optimizer.build(module.networks)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"optimizer cannot be built: {error}") from error


def check_scores(config: DictConfig, module: InpaintingGAN, callbacks: Iterable[object]) -> None:
    """Refuse a score to go by that no validation gives; parts of one's own may log any.

    Raises:
        ConfigError: names the key.
    """
    from lgtsm.training.inpainting_gan import InpaintingGAN

    metrics: Any = module.validation_metrics
    names = {name for metric in metrics.values() for name in getattr(metric, "names", ())}
    ours = all(type(part).__module__.startswith("lgtsm.") for part in (*callbacks, *metrics.values()))
    if type(module) is not InpaintingGAN or not ours:
        return
    keys = {"monitor.score": "val/" + str(config.monitor.score), "optimized_metric": str(config.optimized_metric)}
    if module.adversarial.plateau is not None:
        keys["adversarial.start_plateau.monitor"] = "val/" + module.adversarial.plateau.monitor
    for key, name in keys.items():
        if name.startswith("val/") and name.removeprefix("val/") not in names:
            wanted = ", ".join(f"val/{score}" if key == "optimized_metric" else score for score in sorted(names))
            given = name if key == "optimized_metric" else name.removeprefix("val/")
            raise ConfigError(f"{key} must be a score of the validation ({wanted}); got {given}.")


def changes_since(stored: dict[str, Any] | None, checkpoint: str | None, config: DictConfig) -> list[Change]:
    """Return what differs from the configuration that a checkpoint was trained with.

    Args:
        stored: the checkpoint, from `lgtsm.training.resuming.read_checkpoint`, or None.
        checkpoint: its path.
        config: the configuration of this start.

    Raises:
        ConfigError: a resumed run cannot follow some of it.
    """
    from lgtsm.config.changes import changes, check_resumable, read_config
    from lgtsm.training.inpainting_gan import CHECKPOINT_KEY

    if stored is None or checkpoint is None:
        return []
    folder = Path(checkpoint).absolute().parents[1]
    before = stored[CHECKPOINT_KEY].get("config") or read_config(folder)  # earlier versions noted none
    if before is None:
        return []  # its networks are still compared
    found = changes(before, config)
    check_resumable(found, folder, checkpoint)
    return found


def leave_out_features(config: DictConfig) -> str | None:
    """With missing_features=leave_out, drop the losses whose published weights cannot be had; return what to say.

    Raises:
        ConfigError: missing_features has another value, or no loss is left.
    """
    from lgtsm.config.build import build
    from lgtsm.features.weight_files import WeightsUnavailableError

    if config.missing_features not in ("stop", "leave_out"):
        raise ConfigError(f"missing_features must be 'stop' or 'leave_out'; got {config.missing_features!r}.")
    if config.missing_features == "stop" or config.loss.get("features") is None:
        return None
    try:
        build(config.loss.features, "loss.features")
    except WeightsUnavailableError as error:
        terms = [name for name in ("perceptual", "style") if config.loss.get(name) is not None]
        for name in ("features", *terms):
            config.loss[name] = None
        return (
            f"Left out of the loss: {' and '.join(terms)} ({error.short}). To train with them, put that file into a "
            "folder that LGTSM_WEIGHTS names."
        )
    return None


def build_generator(config: DictConfig) -> nn.Module:
    """Build the network to train; note how it was built if its class is not in the catalog.

    Raises:
        ConfigError: it cannot be built, or could not be saved at the end.
    """
    from torch import nn

    from lgtsm.config.build import build
    from lgtsm.config.record import plain
    from lgtsm.models.weights import note_own

    generator = build(config, "model", nn.Module)
    try:
        note_own(generator, config._target_, plain(config))
    except ValueError as error:
        raise ConfigError(f"model: {error}") from error
    return generator


def start_from(config: DictConfig, generator: nn.Module, discriminator: nn.Module | None) -> dict[str, Matched]:
    """Load the weights that `init_from` names; return the matches by network.

    Raises:
        ValueError: no weights in the file fit.
    """
    from lgtsm.models.transfer import transfer
    from lgtsm.models.weights import read_networks

    if config.init_from is None:
        return {}
    stored = read_networks(config.init_from)
    try:
        matched = {"generator": transfer(generator, stored.generator, stored.options)}
    except ValueError as error:
        raise ConfigError(f"init_from={config.init_from}: {error}") from error
    if config.init_discriminator:
        if stored.discriminator is None or discriminator is None:
            raise ValueError(
                f"init_discriminator=true needs discriminators in {config.init_from} and in this run. Set it to false."
            )
        matched["discriminator"] = transfer(discriminator, stored.discriminator)
    return matched
