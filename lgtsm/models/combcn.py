"""CombCN: a space-time network fills the video coarsely at half resolution, a per-frame network refines it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_positive, check_video_and_hole
from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple


class CombCN(nn.Module):
    """Fill the hole of a video from a coarse filling at half resolution.

    Args:
        width: unit of the channels of the per-frame network (published: 32).
        coarse_width: the same of the space-time network (published: 16); None for half of width.

    Source: Wang et al. 2019 (video inpainting by jointly learning temporal structure and spatial details), the row
    CombCN of the tables; layer sizes of the network that Chang et al. 2019 compare with.
    Differs: any height and width: frames are padded to even sizes inside and cut back.
    """

    def __init__(self, width: int = 32, coarse_width: int | None = None):
        super().__init__()
        check_positive("width", width)
        coarse_width = max(1, width // 2) if coarse_width is None else coarse_width
        check_positive("coarse_width", coarse_width)
        self.coarse = CoarseNet(coarse_width)
        self.fine = FineNet(width)
        self.fine.to(memory_format=torch.channels_last)
        self.coarse.to(memory_format=torch.channels_last_3d)

    @property
    def temporal_reach(self) -> tuple[int, int]:
        """Frames behind and ahead of one that its result depends on."""
        # A layer of five frames, nine of three, and two transposed ones of four, which see two behind and one ahead.
        return 2 + 9 + 2 * 2, 2 + 9 + 2 * 1

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; the pixels under the hole are never used.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the per-frame network's own output, not clipped to [0, 1];
            "coarse": (batch, time, 3, ceil(height / 2), ceil(width / 2)), the space-time network's filling of every
                second row and column.

        Raises:
            ValueError: video or hole has another shape or type.
        """
        check_video_and_hole(video, hole)
        batch, num_frames, _, height, width = video.shape
        missing = (hole > 0.5).flatten(0, 1)  # (batch·time, 1, height, width)
        frames = video.flatten(0, 1).masked_fill(missing, 0)
        stacked = pad_to_multiple(torch.cat([frames, (~missing).to(frames.dtype)], dim=1), 2)
        stacked = stacked.contiguous(memory_format=torch.channels_last)  # (batch·time, 4, height', width')

        half = stacked[..., ::2, ::2].unflatten(0, (batch, num_frames)).transpose(1, 2)  # (batch, 4, time, ...)
        coarse = self.coarse(half.contiguous(memory_format=torch.channels_last_3d))
        coarse = torch.where(half[:, 3:] > 0.5, half[:, :3], coarse.to(half.dtype)).transpose(1, 2)

        predicted = self.fine(stacked, coarse.flatten(0, 1))[..., :height, :width]
        predicted = predicted.unflatten(0, (batch, num_frames))
        return {"filled": composite(video, hole, predicted), "predicted": predicted, "coarse": coarse}


class CoarseNet(nn.Module):
    """The space-time network: (batch, 4, time, height, width) -> (batch, 3, time, height, width)."""

    def __init__(self, a: int):
        super().__init__()
        self.conv1 = _Layer(3, 4, a, 5)
        self.conv2 = _Layer(3, a, 2 * a, 3, stride=2)
        self.conv3 = _Layer(3, 2 * a, 4 * a, 3)
        self.conv4 = _Layer(3, 4 * a, 8 * a, 3, stride=2)
        self.conv5 = _Layer(3, 8 * a, 16 * a, 3, dilation=2)
        self.conv6 = _Layer(3, 16 * a, 16 * a, 3, dilation=4)
        self.conv7 = _Layer(3, 16 * a, 16 * a, 3, dilation=8)
        self.conv8 = _Layer(3, 16 * a, 8 * a, 3)
        self.conv9 = _Layer(3, 16 * a, 4 * a, 4, stride=2, transposed=True)
        self.conv10 = _Layer(3, 8 * a, 2 * a, 3)
        self.conv11 = _Layer(3, 4 * a, a, 4, stride=2, transposed=True)
        self.conv12 = _Layer(3, a, 3, 3, last=True)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.conv1(x)
        x2 = self.conv2(x1)  # half the height and width
        x3 = self.conv3(x2)
        x4 = self.conv4(x3)  # a quarter
        y = self.conv8(self.conv7(self.conv6(self.conv5(x4))))
        y = cut_like(self.conv9(torch.cat([y, x4], 1)), x3)
        y = self.conv10(torch.cat([y, x3], 1))
        y = cut_like(self.conv11(torch.cat([y, x2], 1)), x1)
        return self.conv12(y)


class FineNet(nn.Module):
    """The per-frame network: frames (n, 4, h, w) and coarse filling (n, 3, h/2, w/2) -> (n, 3, h, w)."""

    def __init__(self, b: int):
        super().__init__()
        self.conv1 = _Layer(2, 4, 2 * b, 5)
        self.conv2 = _Layer(2, 2 * b, 4 * b, 3, stride=2)
        self.conv3 = _Layer(2, 4 * b + 3, 4 * b, 3)
        self.conv4 = _Layer(2, 4 * b, 8 * b, 3, stride=2)
        self.conv5 = _Layer(2, 8 * b, 8 * b, 3)
        self.conv6 = _Layer(2, 8 * b, 8 * b, 3)
        self.conv7 = _Layer(2, 8 * b, 8 * b, 3, dilation=2)
        self.conv8 = _Layer(2, 8 * b, 8 * b, 3, dilation=4)
        self.conv9 = _Layer(2, 8 * b, 8 * b, 3, dilation=8)
        self.conv10 = _Layer(2, 16 * b, 8 * b, 3, dilation=16)
        self.conv11 = _Layer(2, 16 * b, 8 * b, 3)
        self.conv12 = _Layer(2, 16 * b, 8 * b, 3)
        self.conv13 = _Layer(2, 16 * b, 4 * b, 4, stride=2, transposed=True)
        self.conv14 = _Layer(2, 8 * b, 4 * b, 3)
        self.conv15 = _Layer(2, 8 * b + 3, 2 * b, 4, stride=2, transposed=True)
        self.conv16 = _Layer(2, 4 * b, b, 3)
        self.conv17 = _Layer(2, b, 3, 3, last=True)

    def forward(self, frames: Tensor, coarse: Tensor) -> Tensor:
        x1 = self.conv1(frames)
        x2 = self.conv2(x1)  # half the height and width
        x3 = self.conv3(torch.cat([x2, coarse], 1))
        x4 = self.conv4(x3)  # a quarter
        x5 = self.conv5(x4)
        x6 = self.conv6(x5)
        x7 = self.conv7(x6)
        y = self.conv9(self.conv8(x7))
        y = self.conv10(torch.cat([y, x7], 1))
        y = self.conv11(torch.cat([y, x6], 1))
        y = self.conv12(torch.cat([y, x5], 1))
        y = cut_like(self.conv13(torch.cat([y, x4], 1)), x3)
        y = self.conv14(torch.cat([y, x3], 1))
        y = cut_like(self.conv15(torch.cat([y, coarse, x2], 1)), x1)
        y = self.conv16(torch.cat([y, x1], 1))
        return self.conv17(y)


class _Layer(nn.Module):
    """Convolution that keeps or halves the size of frames (transposed: doubles it), ReLU, BatchNorm.

    dims: 2 for single frames, 3 for space and time; stride and dilation act within the frame only.
    """

    def __init__(
        self, dims: int, c_in: int, c_out: int, kernel: int, stride=1, dilation=1, transposed=False, last=False
    ):
        super().__init__()
        time = (1,) * (dims - 2)
        stride, spread = (*time, stride, stride), (*time, dilation, dilation)
        padding = tuple((kernel - 1) * d // 2 for d in spread)
        self.conv: nn.Module
        if transposed:
            conv_class = nn.ConvTranspose3d if time else nn.ConvTranspose2d
            self.conv = conv_class(c_in, c_out, kernel, stride, padding)
        else:
            self.conv = (nn.Conv3d if time else nn.Conv2d)(c_in, c_out, kernel, stride, padding, spread)
        self.norm = None if last else (nn.BatchNorm3d if time else nn.BatchNorm2d)(c_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x if self.norm is None else self.norm(F.relu(x))


def cut_like(x: Tensor, partner: Tensor) -> Tensor:
    """Cut the ends of all dimensions after the channels to the partner's lengths."""
    for dim in range(2, x.ndim):
        x = x.narrow(dim, 0, partner.shape[dim])
    return x
