"""Keep a network frozen: it never trains, and it never enters a checkpoint."""

from __future__ import annotations

from torch import nn


class Frozen(nn.Module):
    """Hold a network that follows `.to()` but shows no parameters, training mode or state.

    The network stays out of the module tree, so optimizers, checkpoints, weight averages and distributed wrappers never
    see it. Gradients still flow through it to its input.

    Args:
        network: any module; its parameters stop requiring gradients and it goes to eval mode.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        network.eval().requires_grad_(False)
        self._hidden = [network]

    @property
    def network(self) -> nn.Module:
        """The frozen network."""
        return self._hidden[0]

    def _apply(self, fn, recurse: bool = True):
        super()._apply(fn, recurse)
        if recurse:
            self.network._apply(fn)
        return self
