import torch
from torch import Tensor, nn


class MyModel(nn.Module):
    """Guess each frame from its known pixels."""

    def __init__(self, width: int, kernel_size: int = 3):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4, width, kernel_size, padding="same"),
            nn.ReLU(),
            nn.Conv2d(width, 3, kernel_size, padding="same"),
        )

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        seen = torch.cat([video * (1 - hole), hole], 2)  # (batch, time, 4, height, width)
        predicted = self.layers(seen.flatten(0, 1)).unflatten(0, video.shape[:2])
        return {"predicted": predicted, "filled": torch.where(hole > 0.5, predicted, video)}
