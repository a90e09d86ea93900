"""Look at a data set before training does: `lgtsm check_data data=NAME data.root=FOLDER`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import hydra
from omegaconf import DictConfig

from lgtsm.config.folder import config_folder
from lgtsm.exits import exit_with_sentence

if TYPE_CHECKING:
    from lgtsm.data.check import Finding

COLORS = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def run(config: DictConfig) -> dict[str, list[Finding]]:
    """Look at the training and validation videos that the configuration names, and at all masks beside them.

    Returns:
        name of the set -> what was found.

    Raises:
        ValueError: the configuration cannot be used, or there is no data.
    """
    from rich.console import Console
    from rich.progress import Progress

    from lgtsm.config.build import build
    from lgtsm.config.check import check_complete
    from lgtsm.data.check import check_masks, check_videos
    from lgtsm.data.clips import MixedVideos
    from lgtsm.data.folder import FolderVideos

    check_complete(config)
    found = {}
    for split in ("train", "validation"):
        node = config.data[f"{split}_videos"]
        if "limit" in node:
            node.limit = None  # what a run leaves out is looked at too
        videos = build(node, f"data.{split}_videos")
        if isinstance(videos, MixedVideos):
            videos = next(s for s in videos.sources.values() if isinstance(s, FolderVideos))
        if not isinstance(videos, FolderVideos):
            raise ValueError(
                f"data.{split}_videos reads no files ({type(videos).__name__}); there is nothing to check."
            )
        expected = config.expected[split] if config.expected[split] is not None else videos.published_count()
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(f"{split}: {videos.root}")
            found[f"{split}: {videos.root}"] = check_videos(
                videos, config.num_frames, config.height, config.width, expected, config.thorough,
                lambda done, total, bar=bar, task=task: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        stored = videos.masks_beside()
        masks = build(config.data[f"{split}_masks"], f"data.{split}_masks")
        if not stored and hasattr(masks, "read_hole"):
            stored = {f"{masks.folder}": masks}
        for name, beside in stored.items():
            found[f"{split}: {name}"] = check_masks(beside, videos)
    return found


def show(found: dict[str, list[Finding]]) -> bool:
    """Print the findings as a table; return whether something is wrong."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in ("looked at", "", "found"):
        table.add_column(column, overflow="fold")
    for place, findings in found.items():
        table.add_section()
        table.add_row(f"[bold]{place}[/bold]")
        for subject, status, sentence in findings:
            table.add_row(f"  {subject}", f"[{COLORS[status]}]{status}", sentence.replace("[", "\\["))
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
    _job()
