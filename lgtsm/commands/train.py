"""Train a model: `python -m lgtsm.train [experiment=NAME] [KEY=VALUE ...]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig, OmegaConf

from lgtsm.config.folder import config_folder
from lgtsm.config.sweep import expand_globs
from lgtsm.exits import exit_with_sentence
from lgtsm.threads import wait_patiently
from lgtsm.training.stop_signals import EXIT_STATUS, StoppedBySignal, StopSignals

if TYPE_CHECKING:
    from torch import nn

    from lgtsm.models.transfer import Matched


def run(config: DictConfig, signals: StopSignals | None = None) -> dict[str, Any]:
    """Train as configured, then score the result.

    Args:
        config: the composed configuration; `paths.run` names the output folder.
        signals: an active listener. A signal before training stops it after the first step; one after training, while
            the result is scored, has no effect.

    Returns:
        {"module": the trained LightningModule, "trainer": the Trainer, "scores": the final table or None}.

    Raises:
        ValueError: the configuration is unusable; the message names the key.
    """
    from lgtsm.config.check import check_complete

    check_complete(config)  # before the slow imports

    import torch
    from torch import nn

    from lgtsm.config.build import build, build_all
    from lgtsm.config.record import write_config
    from lgtsm.evaluation.report import mean_scores, scores_table
    from lgtsm.evaluation.validation import score_trained
    from lgtsm.models.weights import save_model
    from lgtsm.precision import allow_tf32
    from lgtsm.training.callbacks import RunCheckpoints
    from lgtsm.training.checkpoint_files import check_reloadable
    from lgtsm.training.datamodule import ClipDataModule
    from lgtsm.training.inpainting_gan import InpaintingGAN
    from lgtsm.training.precision import short_name, training_device, training_precision
    from lgtsm.training.start import PARTS, checkpoint_to_resume, hide_known_advice, plugins, seed_everything

    seed_everything(config.seed)
    hide_known_advice()
    if config.num_threads is not None:
        torch.set_num_threads(config.num_threads)
    folder = Path(config.paths.run)
    resume = checkpoint_to_resume(config.resume, folder)
    options = OmegaConf.to_container(config.trainer, resolve=True)
    config.trainer.precision, why_precision = training_precision(options, resume)
    config.precision = short_name(config.trainer.precision)
    if why_precision is not None and config.precision != "fp32":  # a plain fp32 run must stay exact when resumed
        allow_tf32(training_device(options))

    generator = build_generator(config.model)
    discriminator = build(config.discriminator, "discriminator", nn.Module)
    matched = start_from(config, generator, discriminator)
    module = build(config.module, "module", InpaintingGAN, generator=generator, discriminator=discriminator)
    data = build(config.loader, "loader", ClipDataModule)
    callbacks = build_all(config.callbacks, "callbacks", PARTS["callbacks"])
    check_reloadable(
        {"module": module.state_dict(), **{f"callbacks.{k}": c.state_dict() for k, c in callbacks.items()}}
    )
    for callback in callbacks.values():
        if isinstance(callback, RunCheckpoints):
            callback.earlier = signals
    loggers = build_all(config.logger, "logger", PARTS["logger"])
    parts = {"callbacks": list(callbacks.values()), "logger": list(loggers.values()), "plugins": plugins()}
    trainer = build(config.trainer, "trainer", PARTS["trainer"], **parts)
    if trainer.is_global_zero:
        write_config(config, folder)
        if why_precision is not None:
            print(why_precision)
        for network, weights in matched.items():
            print(f"{network} from {config.init_from}: {weights}")
        if config.resume is not None:
            print(f"Resuming from {resume}." if resume else f"No checkpoint in {folder} yet: starting a new run.")
    trainer.fit(module, data, ckpt_path=resume)

    scores = None
    if trainer.is_global_zero:
        about = {"name": config.name, "steps": trainer.global_step, "seed": config.seed}
        trained = module.inference_generator.eval().cpu()
        weights = folder / "generator.safetensors"
        save_model(trained, weights, about | {"training_precision": config.precision})
        if config.evaluate:
            document = score_trained(data.validation, trained, weights, config.name, folder / "evaluation")
            scores = mean_scores(document)
            print(f"\nHeld-out clips ({len(data.validation)}):\n{scores_table(document)}\nRun folder: {folder}")
    return {"module": module, "trainer": trainer, "scores": scores}


def build_generator(config: DictConfig) -> nn.Module:
    """Build the network to train; note how it was built if its class is not in the catalog.

    Raises:
        ConfigError: it cannot be built, or could not be saved at the end.
    """
    from torch import nn

    from lgtsm.config.build import ConfigError, build
    from lgtsm.models.weights import note_own

    generator = build(config, "model", nn.Module)
    try:
        note_own(generator, config._target_, OmegaConf.to_container(config, resolve=True))
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
    matched = {"generator": transfer(generator, stored.generator, stored.options)}
    if config.init_discriminator:
        if stored.discriminator is None or discriminator is None:
            raise ValueError(
                f"init_discriminator=true needs discriminators in {config.init_from} and in this run. Set it to false."
            )
        matched["discriminator"] = transfer(discriminator, stored.discriminator)
    return matched


@hydra.main(version_base="1.3", config_path=config_folder(), config_name="train")
def _job(config: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig

    # In a sweep only Hydra knows each job's folder.
    config.paths.run = HydraConfig.get().runtime.output_dir
    again = f"To continue from its last checkpoint, run the same command with resume=auto paths.run={config.paths.run}."
    try:
        with exit_with_sentence("train", if_stopped=again), StopSignals() as signals:
            run(config, signals)
    except StoppedBySignal:
        sys.exit(EXIT_STATUS)


def main() -> None:
    """Entry point of `lgtsm train`."""
    wait_patiently()
    with exit_with_sentence("train"):
        sys.argv[1:] = expand_globs(sys.argv[1:])
    _job()
