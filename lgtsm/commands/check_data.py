"""Check a data set before training on it: `lgtsm check_data data=NAME data.root=FOLDER`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import hydra
from omegaconf import DictConfig, OmegaConf

from lgtsm.commands.command_line import progress_bar
from lgtsm.commands.composed import run_hydra
from lgtsm.config.folder import config_folder
from lgtsm.exits import exit_with_sentence

if TYPE_CHECKING:
    from lgtsm.data.check import Finding

COLORS = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def run(config: DictConfig) -> dict[str, list[Finding]]:
    """Check the training and validation videos of the configuration, and all masks stored beside them.

    Returns:
        name of the set -> findings.

    Raises:
        ValueError: the configuration is unusable, or there is no data.
    """
    from lgtsm.config.build import build
    from lgtsm.config.check import check_complete
    from lgtsm.data.check import check_masks, check_videos
    from lgtsm.data.clips import MixedVideos
    from lgtsm.data.folder import FolderVideos

    check_complete(config)
    check_values(config)
    found = {}
    for split in ("train", "validation"):
        node = config.data[f"{split}_videos"]
        if "limit" in node:
            node.limit = None  # check what a run leaves out too
        videos = build(node, f"data.{split}_videos")
        if isinstance(videos, MixedVideos):
            videos = next((s for s in videos.sources.values() if isinstance(s, FolderVideos)), videos)
        if not isinstance(videos, FolderVideos):
            raise ValueError(
                f"data.{split}_videos reads no files ({type(videos).__name__}), so there is nothing to check."
            )
        expected = config.expected[split] if config.expected[split] is not None else videos.published_count()
        name = f"{split}: {videos.root}"
        with progress_bar(name) as progress:
            found[name] = check_videos(
                videos, config.num_frames, config.height, config.width, expected, config.thorough, progress
            )
        stored = videos.masks_beside()
        masks = build(config.data[f"{split}_masks"], f"data.{split}_masks")
        if not stored and hasattr(masks, "read_hole"):
            stored = {f"{masks.folder}": masks}
        for name, beside in stored.items():
            found[f"{split}: {name}"] = check_masks(beside, videos, config.thorough)
    return found


def check_values(config: DictConfig) -> None:
    """Refuse sizes and numbers that are none.

    Raises:
        ConfigError: names the key.
    """
    from lgtsm.config.check import check_switches, check_whole

    expected = (key for key in ("expected.train", "expected.validation") if OmegaConf.select(config, key) is not None)
    check_whole(config, {"num_frames": 1, "height": 1, "width": 1, **dict.fromkeys(expected, 0)})
    check_switches(config, "thorough")


def show(found: dict[str, list[Finding]]) -> bool:
    """Print the findings as a table; return whether any is wrong."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in ("checked", "", "found"):
        table.add_column(column, overflow="fold")
    for place, findings in found.items():
        table.add_section()
        table.add_row(Text(place, "bold"))
        for subject, status, sentence in findings:
            table.add_row(Text(f"  {subject}"), Text(status, COLORS[status]), Text(sentence))
    console = Console()
    console.print(table)
    wrong = sum(finding.status == "wrong" for findings in found.values() for finding in findings)
    console.print(f"{wrong} thing{'s are' if wrong > 1 else ' is'} wrong." if wrong else "Nothing is wrong.")
    return wrong > 0


@hydra.main(version_base="1.3", config_path=config_folder(), config_name="check_data")
def _job(config: DictConfig) -> None:
    with exit_with_sentence("check_data"):
        wrong = show(run(config))
    sys.exit(1 if wrong else 0)


def main() -> None:
    """Entry point of `lgtsm check_data`."""
    run_hydra("check_data", _job)
