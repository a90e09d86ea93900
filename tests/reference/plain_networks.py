"""The paper's networks and training step, written the way one would first write them."""

import torch
import torch.nn.functional as F
from torch import nn


class PlainLayer(nn.Module):
    """One layer of `lgtsm.layers.convolution`, with its weights.

    The shift is a one-channel 3-D convolution along time; the gate is convolved frame by frame; doubled frames are
    made.
    """

    def __init__(self, layer):
        super().__init__()
        self.feature, self.gate = _contiguous(layer.feature), None
        if hasattr(layer, "gate"):
            self.gate = _contiguous(layer.gate)
        self.activation, self.resize = layer.activation, layer.resize
        self.kernels, self.per_group = None, 0
        if layer.shift is not None:
            self.kernels = nn.Parameter(layer.shift.kernels.detach().clone())
            self.per_group = layer.shift.channels_per_group

    def forward(self, features):
        """Map (batch, time, channel, height, width) to the like."""
        if self.resize != 1:
            features = torch.stack([F.interpolate(clip, scale_factor=float(self.resize)) for clip in features])
        moved = features
        if self.kernels is not None and self.per_group:
            groups = list(features.split(self.per_group, 2))
            for number, kernel in enumerate(self.kernels):
                group = groups[number].transpose(1, 2)  # (batch, channel, time, height, width)
                size = group.shape
                taps = kernel.view(1, 1, -1, 1, 1)
                group = F.conv3d(group.reshape(-1, 1, *size[2:]), taps, padding=(len(kernel) // 2, 0, 0))
                groups[number] = group.view(size).transpose(1, 2)
            moved = torch.cat(groups, 2)
        out = torch.stack([self.feature(frames) for frames in moved.unbind(1)], 1)
        if self.activation:
            out = F.leaky_relu(out, 0.2)
        if self.gate is not None:
            out = out * torch.stack([torch.sigmoid(self.gate(frames)) for frames in features.unbind(1)], 1)
        return out


class PlainGenerator(nn.Module):
    """A `lgtsm.models.lgtsm.GatedShiftGenerator` of learnable shifts, for frames whose sizes are multiples of 4."""

    def __init__(self, generator):
        super().__init__()
        self.layers = nn.ModuleList(PlainLayer(layer) for layer in generator.layers.values())
        self.centered = generator.centered

    def forward(self, video, hole):
        """Return {"filled", "predicted"}."""
        known = 1 - hole
        frames = (video * 2 - 1 if self.centered else video) * known
        features = torch.cat([frames, known, torch.zeros_like(known)], 2)
        for layer in self.layers:
            features = layer(features)
        predicted = (features + 1) / 2 if self.centered else features
        return {"filled": video * known + predicted * hole, "predicted": predicted}


class PlainDiscriminator(nn.Module):
    """A `lgtsm.models.discriminator.TemporalShiftDiscriminator`."""

    def __init__(self, discriminator):
        super().__init__()
        self.layers = nn.ModuleList(PlainLayer(layer) for layer in discriminator.layers.values())

    def forward(self, video, hole):
        """Return scores (batch, time, channel, height', width')."""
        known = 1 - hole
        features = torch.cat([video, known, torch.zeros_like(known)], 2)
        for layer in self.layers:
            features = layer(features)
        return features


class PlainTraining:
    """A step of the GAN stage: L1 in and outside the hole, hinge losses, two Adams."""

    def __init__(self, generator, discriminator, weight=0.01):
        self.generator, self.discriminator, self.weight = (
            PlainGenerator(generator),
            PlainDiscriminator(discriminator),
            weight,
        )
        self.optimizers = [torch.optim.Adam(net.parameters(), 1e-4) for net in (self.generator, self.discriminator)]

    def __call__(self, video, hole):
        """Step the generator, then the discriminator."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        filled = self.generator(video, hole)["filled"]
        loss = (filled - video).abs().mean() - self.weight * self.discriminator(filled, hole).mean()
        loss.backward()
        self.optimizers[0].step()
        self.optimizers[1].zero_grad()
        filled = self.generator(video, hole)["filled"]
        real, fake = self.discriminator(video, hole), self.discriminator(filled, hole)
        (F.relu(1 - real).mean() + F.relu(1 + fake).mean()).backward()
        self.optimizers[1].step()


def _contiguous(conv):
    """Return an ordinary convolution with the weights of one, in torch's default layout."""
    plain = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    plain.load_state_dict({"weight": conv.weight.detach().contiguous(), "bias": conv.bias.detach()})
    return plain
