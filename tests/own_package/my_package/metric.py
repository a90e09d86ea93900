import torch
from torch import Tensor
from torchmetrics import Metric


class MyMetric(Metric):
    """The largest error in a hole, the mean over clips."""

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("clips", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, filled: Tensor, video: Tensor, hole: Tensor) -> None:
        self.total += ((filled - video).abs() * hole).amax((1, 2, 3, 4)).double().sum()
        self.clips += len(video)

    def compute(self) -> Tensor:
        return self.total / self.clips
