from torch import Tensor, nn


class MyLoss(nn.Module):
    """The mean error to a power, more so in the hole."""

    def __init__(self, power: float, weight_hole: float = 5.0):
        super().__init__()
        self.power, self.weight_hole = power, weight_hole

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        error = (output["predicted"] - video).abs().pow(self.power)
        known, inside = (error * (1 - hole)).mean(), (error * hole).mean()
        return known + self.weight_hole * inside, {"known": known, "hole": inside}
