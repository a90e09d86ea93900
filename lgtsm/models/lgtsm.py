"""The generator: an encoder, dilated layers and a decoder, every one behind a temporal shift.

One network serves three names of the paper's tables: LGTSM (learnable shift, gated), GTSM (fixed shift, gated)
and TSM (fixed shift, plain convolutions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch

from lgtsm.checks import check_choice, check_positive
from lgtsm.layers.convolution import GatedConv, ShiftedConv
from lgtsm.layers.temporal_shift import create_shift
from lgtsm.models.streaming import StreamingGenerator

# name, input and output width (in units of `width`; None: 5 and 3 channels), kernel, stride, padding, dilation,
# scale before
LAYERS = (
    ("conv1", None, 1, 5, 1, 1, 1, 1),
    ("conv2", 1, 2, 4, 2, 2, 1, 1),
    ("conv3", 2, 2, 3, 1, 1, 1, 1),
    ("conv4", 2, 4, 4, 2, 1, 1, 1),
    ("conv5", 4, 4, 3, 1, 1, 1, 1),
    ("conv6", 4, 4, 3, 1, 1, 1, 1),
    ("dilated_conv1", 4, 4, 3, 1, 2, 2, 1),
    ("dilated_conv2", 4, 4, 3, 1, 4, 4, 1),
    ("dilated_conv3", 4, 4, 3, 1, 8, 8, 1),
    ("dilated_conv4", 4, 4, 3, 1, 16, 16, 1),
    ("conv7", 4, 4, 3, 1, 1, 1, 1),
    ("conv8", 4, 4, 3, 1, 1, 1, 1),
    ("deconv1", 4, 2, 3, 1, 1, 1, 2),
    ("conv9", 2, 2, 3, 1, 1, 1, 1),
    ("deconv2", 2, 1, 3, 1, 1, 1, 2),
    ("conv10", 1, 0.5, 3, 1, 1, 1, 1),
    ("conv11", 0.5, None, 3, 1, 1, 1, 1),
)
# In the paper's geometry these two halve by interpolation and convolve with stride 1; an even kernel pads unevenly.
PAPER_DOWN = {"conv2": (1, 2, 1, 2), "conv4": (2, 1, 2, 1)}


def layer_sizes(
    width: int, initialization: str, spectral_norm: bool, spectral_norm_last: bool, spectral_gain: bool
) -> Iterator[tuple[str, tuple[int, int], dict[str, Any]]]:
    """Yield each layer's name, its input and output channels, and its other sizes as `ShiftedConv` takes them.

    Raises:
        ValueError: width is not even and positive, or there is no such initialization.
    """
    check_choice("initialization", initialization, ("variance_preserving", "pytorch"))
    check_positive("width", width)
    if width % 2:
        raise ValueError(f"width must be even, because the last but one layer has half of it; got {width}.")
    layers: Sequence[tuple[Any, ...]] = LAYERS
    for name, in_width, out_width, kernel_size, stride, padding, dilation, resize in layers:
        last = out_width is None
        channels = (5 if in_width is None else int(in_width * width), 3 if last else int(out_width * width))
        sizes = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
        norm = {"spectral_norm": spectral_norm and (spectral_norm_last or not last), "spectral_gain": spectral_gain}
        yield name, channels, sizes | norm | {"resize": resize, "activation": not last}


class GatedShiftGenerator(StreamingGenerator):
    """Fill the hole of a video with 2-D convolutions that see neighboring frames through temporal shifts.

    Args:
        width: channels of the first layer (the released networks: 64); even.
        shift: "learnable" or "fixed".
        gated: gated convolutions, or plain ones.
        shift_kernel_size: taps of a learnable shift, in frames.
        shift_groups: kernels (or fixed groups) in each layer.
        shift_fraction: share of the channels that move, in [0, 1].
        causal: look at past frames only.
        spectral_norm: divide every convolution's weight by its largest singular value (all but the last layer's).
        spectral_norm_last: the last layer's too, under `spectral_norm`.
        spectral_gain: multiply each normalized weight by a learned number, so that a new network carries a signal; see
            `lgtsm.layers.convolution.SpectralGain`.
        geometry: "released" (strided convolutions and nearest up-sampling of the authors' networks) or "paper"
            (bilinear interpolation before the down- and up-sampling convolutions).
        initialization: "variance_preserving" or "pytorch" (the framework's default).
        centered: work on frames in [-1, 1] inside, so that an untrained network predicts gray; the authors' networks
            work on [0, 1].

    Source: Chang et al. 2019, Sections 3.1 and 3.3; layer sizes of the released networks.
    Differs: the paper speaks of 11 layers; the released networks, and these, have 17. Any height and width: frames are
    padded to multiples of 4 inside and cut back. New networks start linear, from weights that keep the variance of the
    features (with the framework's default start, 17 gated layers lose all of it).
    """

    def __init__(
        self,
        width: int = 64,
        shift: str = "learnable",
        gated: bool = True,
        shift_kernel_size: int = 3,
        shift_groups: int = 2,
        shift_fraction: float = 0.5,
        causal: bool = False,
        spectral_norm: bool = False,
        spectral_norm_last: bool = False,
        spectral_gain: bool = False,
        geometry: str = "released",
        initialization: str = "variance_preserving",
        centered: bool = True,
    ):
        super().__init__(centered)
        check_choice("geometry", geometry, ("released", "paper"))
        layer_class = GatedConv if gated else ShiftedConv
        for name, channels, sizes in layer_sizes(
            width, initialization, spectral_norm, spectral_norm_last, spectral_gain
        ):
            if geometry == "paper":
                if name in PAPER_DOWN:
                    sizes |= {"resize": 0.5, "stride": 1, "padding": PAPER_DOWN[name]}
                elif name == "conv1":
                    sizes["padding"] = 2  # the released first layer loses a pixel each way; its second gives it back
                sizes["resize_mode"] = "bilinear" if sizes["resize"] != 1 else "nearest"
            moving = create_shift(shift, channels[0], shift_fraction, shift_groups, shift_kernel_size, causal)
            self.layers[name] = layer_class(*channels, **sizes, shift=moving)
        # On the meta device there is nothing to draw, and torch would load its compiler, a second's work, to do so.
        if initialization == "variance_preserving" and not next(self.parameters()).is_meta:
            layers: Iterable[tuple[str, Any]] = self.layers.items()
            for name, layer in layers:
                layer.start_with_variance_kept(paired_input=name != LAYERS[0][0])
        self.to(memory_format=torch.channels_last)
