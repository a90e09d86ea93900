"""Score a network: `python -m lgtsm.evaluate checkpoint=FILE [data=NAME] [KEY=VALUE ...]`."""

from __future__ import annotations

from pathlib import Path

import hydra
from omegaconf import DictConfig

from lgtsm.config.folder import config_folder
from lgtsm.exits import exit_with_sentence


def run(config: DictConfig) -> dict[str, dict[str, float]]:
    """Score what the configuration names and write the report into `paths.run`.

    Returns:
        name of the method -> mean scores.

    Raises:
        ValueError, FileNotFoundError: the configuration or the checkpoint cannot be used.
    """
    from torch.utils.data import Dataset

    from lgtsm.classical.fillers import MeanColour, TemporalCopy
    from lgtsm.config.build import build
    from lgtsm.config.check import check_complete
    from lgtsm.config.record import write_config
    from lgtsm.metrics.report import write_report
    from lgtsm.metrics.scoring import markdown_table
    from lgtsm.models.weights import load_model

    check_complete(config)
    methods = {"mean colour": MeanColour(), "temporal copy": TemporalCopy()}
    shown = "temporal copy"
    if config.checkpoint is not None:
        shown = config.name
        methods[shown] = load_model(config.checkpoint).to(config.device)
    clips = build(config.data.module.validation, "data.module.validation", Dataset)
    folder = Path(config.paths.run)
    write_config(config, folder)
    scores = write_report(
        methods, clips, folder, shown, about={"checkpoint": config.checkpoint}, device=config.device
    )
    print(f"{len(clips)} clips, means over clips:\n{markdown_table(scores)}\n\nReport: {folder}")
    return scores


@hydra.main(version_base="1.3", config_path=config_folder(), config_name="evaluate")
def _job(config: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig

    config.paths.run = HydraConfig.get().runtime.output_dir
    with exit_with_sentence("evaluate"):
        run(config)


def main() -> None:
    """Entry point of `lgtsm evaluate`."""
    _job()


if __name__ == "__main__":
    main()
