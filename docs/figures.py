"""Draw the figures of docs/how_it_works.md, from real layers and a real state: python docs/figures.py [FOLDER]."""

import itertools
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle

import lgtsm

FRAMES = ["#3b6fb6", "#5aa9a3", "#e0a33e", "#c8553d"]
PAST, PENDING, DONE, COMING = "#5aa9a3", "#e0a33e", "#e4e4e4", "white"
LINE = {"edgecolor": "#333333", "linewidth": 0.7}


def grid(axes, sources, title, left):
    """Draw channels over time; each square has the color of the frame that it comes from (-1: none)."""
    channels, frames = sources.shape
    for row in range(channels):
        for column in range(frames):
            source = int(sources[row, column])
            color = "white" if source < 0 else FRAMES[source]
            axes.add_patch(Rectangle((left + column, channels - 1 - row), 1, 1, facecolor=color, **LINE))
            axes.text(
                left + column + 0.5, channels - 0.5 - row, "0" if source < 0 else "",
                ha="center", va="center", fontsize=7, color="#777777",
            )  # fmt: skip
    axes.text(left + frames / 2, channels + 0.4, title, ha="center", va="bottom", fontsize=9)
    axes.text(left + frames / 2, -0.3, "time", ha="center", va="top", fontsize=8, color="#555555")


def shift_panel(axes):
    """Draw what the shift does to channels x time, as the layer itself does it."""
    channels, frames = 8, len(FRAMES)
    shift = lgtsm.layers.LearnableTemporalShift(channels, shift_fraction=0.5, groups=2)
    numbers = torch.arange(1.0, frames + 1).view(frames, 1, 1, 1).expand(frames, channels, 1, 1)
    with torch.no_grad():
        shifted = shift(numbers, frames)[..., 0, 0].T.round() - 1
        kernels = shift.kernels.tolist()
    grid(axes, numbers[..., 0, 0].T - 1, "features in", 0)
    grid(axes, shifted, "after the shift", 10.5)
    axes.text(-0.4, channels / 2, "channels", rotation=90, ha="right", va="center", fontsize=8, color="#555555")
    size = shift.channels_per_group
    names = ("from the next frame", "from the frame before")
    for group, (taps, name) in enumerate(zip(kernels, names, strict=True)):
        middle = channels - size * (group + 0.5)
        for index, tap in enumerate(taps):
            place = 5.6 + index
            axes.add_patch(Rectangle((place, middle - 0.45), 0.9, 0.9, facecolor="#333333" if tap else "white", **LINE))
            axes.text(
                place + 0.45, middle, f"{tap:g}", ha="center", va="center", fontsize=7,
                color="white" if tap else "#777777",
            )  # fmt: skip
        axes.annotate("", (10.3, middle), (8.7, middle), arrowprops={"arrowstyle": "->", "color": "#333333"})
        axes.text(7.05, middle - 0.55, name, ha="center", va="top", fontsize=6.5, color="#555555")
    still = (channels - 2 * size) / 2
    axes.annotate("", (10.3, still), (4.2, still), arrowprops={"arrowstyle": "->", "color": "#333333"})
    axes.text(7.2, still + 0.15, "not shifted", ha="center", va="bottom", fontsize=7, color="#555555")
    axes.text(7.05, channels + 0.4, "learned kernels\n(as they start)", ha="center", va="bottom", fontsize=8)
    axes.set_xlim(-1, 15)
    axes.set_ylim(-1, channels + 2)


def box(axes, x, y, text, width=2.6):
    """Draw a step of the layer around a point."""
    style = {"boxstyle": "round,pad=0.02,rounding_size=0.15", "facecolor": "#f3f3f3", **LINE}
    axes.add_patch(FancyBboxPatch((x - width / 2, y - 0.42), width, 0.84, **style))
    axes.text(x, y, text, ha="center", va="center", fontsize=8)


def arrow(axes, start, end):
    """Draw an arrow."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#333333", "shrinkA": 0, "shrinkB": 0})


def gate_panel(axes):
    """Draw the gated convolution: features behind the shift, a gate in front of it."""
    axes.text(0.4, 1.5, "features\nin", ha="center", va="center", fontsize=8)
    for y in (2.4, 0.6):
        axes.plot([1.1, 1.5, 1.5], [1.5, 1.5, y], color="#333333", linewidth=1)
    arrow(axes, (1.5, 2.4), (2.2, 2.4))
    box(axes, 3.3, 2.4, "temporal shift", 2.2)
    arrow(axes, (4.4, 2.4), (5.1, 2.4))
    box(axes, 6.4, 2.4, "2-D convolution")
    arrow(axes, (7.7, 2.4), (8.4, 2.4))
    box(axes, 9.5, 2.4, "LeakyReLU", 2.2)
    arrow(axes, (1.5, 0.6), (5.1, 0.6))
    box(axes, 6.4, 0.6, "2-D convolution")
    arrow(axes, (7.7, 0.6), (8.4, 0.6))
    box(axes, 9.5, 0.6, "sigmoid", 2.2)
    axes.text(9.5, 0.02, "gate: how valid each pixel is, 0 to 1", ha="center", va="top", fontsize=7, color="#555555")
    axes.plot([10.6, 11.5], [2.4, 2.4], color="#333333", linewidth=1)
    arrow(axes, (11.5, 2.4), (11.5, 1.78))
    axes.plot([10.6, 11.5], [0.6, 0.6], color="#333333", linewidth=1)
    arrow(axes, (11.5, 0.6), (11.5, 1.22))
    axes.text(11.5, 1.5, "×", ha="center", va="center", fontsize=13)
    axes.add_patch(plt.Circle((11.5, 1.5), 0.27, facecolor="none", **LINE))
    arrow(axes, (11.77, 1.5), (12.6, 1.5))
    axes.text(13.2, 1.5, "features\nout", ha="center", va="center", fontsize=8)
    axes.set_xlim(-0.4, 14)
    axes.set_ylim(-0.6, 3.1)


def layer_figure():
    """Return the figure of a layer."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 5.2), height_ratios=(3, 1.6))
    shift_panel(above)
    gate_panel(below)
    for axes in (above, below):
        axes.axis("off")
        axes.set_aspect("equal")
    figure.tight_layout(pad=0.3)
    return figure


@torch.no_grad()
def state_of(causal, frames):
    """Return how many frames each layer of a real network keeps after a stream of so many: (past, pending) pairs."""
    model = lgtsm.create_model("lgtsm", width=8, causal=causal).eval()
    state = model.initial_state()
    for _ in range(frames):
        _, state = model.step(torch.rand(1, 1, 3, 16, 16), torch.ones(1, 1, 1, 16, 16), state)
    kept = [[0 if t is None else t.shape[1] for t in (layer.past, layer.pending)] for layer in state.layers]
    waiting = 0 if state.video is None else state.video.shape[1]
    return kept, waiting


def bar(axes, height, *pieces):
    """Draw a row of frames: from each place on in its color."""
    for (left, color), (right, _) in itertools.pairwise(pieces):
        axes.add_patch(Rectangle((left, height), right - left, 1, facecolor=color, linewidth=0))


def state_panel(axes, causal, title, frames=22):
    """Draw the frames that each layer keeps when the newest frame has gone in."""
    kept, waiting = state_of(causal, frames)
    arrived = frames
    for row, (past, pending) in enumerate(kept):
        height = len(kept) - row
        done = arrived - pending  # frames that this layer has given on
        bar(axes, height, (0, DONE), (done - past, PAST), (done, PENDING), (arrived, COMING), (frames + 2, None))
        axes.text(-0.4, height + 0.5, f"{row + 1}", ha="right", va="center", fontsize=6.5)
        arrived = done
    bar(axes, -0.6, (0, DONE), (frames - waiting, PENDING), (frames, COMING), (frames + 2, None))
    lines = {"color": "#999999", "linewidth": 0.4}
    axes.hlines(range(1, len(kept) + 2), 0, frames + 2, **lines)
    axes.hlines([-0.6, 0.4], 0, frames + 2, **lines)
    axes.vlines(range(frames + 3), 1, len(kept) + 1, **lines)
    axes.vlines(range(frames + 3), -0.6, 0.4, **lines)
    axes.text(-0.4, -0.1, "video, hole", ha="right", va="center", fontsize=6.5)
    axes.text(-2.2, len(kept) / 2 + 1, "layer", rotation=90, ha="center", va="center", fontsize=8)
    axes.annotate(
        "newest frame", (frames - 0.5, len(kept) + 1.05), (frames - 0.5, len(kept) + 2.2), ha="center", fontsize=7,
        arrowprops={"arrowstyle": "->", "color": "#333333"},
    )  # fmt: skip
    axes.annotate(
        "comes out now", (arrived - 0.5, -0.65), (arrived - 0.5, -2.4), ha="center", fontsize=7,
        arrowprops={"arrowstyle": "->", "color": "#333333"},
    )  # fmt: skip
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlim(-5, frames + 2.2)
    axes.set_ylim(-2.8, len(kept) + 3)
    axes.set_aspect("equal")
    axes.axis("off")


def state_figure():
    """Return the figure of a stream's state."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.3))
    state_panel(left, False, "kernels see 1 frame ahead")
    state_panel(right, True, "causal: past frames only")
    legend = [
        Patch(facecolor=PAST, label="kept: moving channels of a past frame", **LINE),
        Patch(facecolor=PENDING, label="kept: a frame that waits for the next", **LINE),
        Patch(facecolor=DONE, label="done, forgotten", **LINE),
        Patch(facecolor=COMING, label="not here yet", **LINE),
    ]
    figure.legend(handles=legend, loc="lower center", ncol=4, fontsize=7.5, frameon=False)
    figure.tight_layout(pad=0.3, rect=(0, 0.06, 1, 1))
    return figure


def main():
    """Draw both."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    plt.rcParams["svg.hashsalt"] = "lgtsm"  # the same file each time
    for name, figure in (("layer", layer_figure()), ("state", state_figure())):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
