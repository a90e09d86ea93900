"""Video FID: the distance of a set of filled videos from the true ones, in the features of a frozen network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from lgtsm.checks import check_choice, check_video
from lgtsm.features.frozen import Frozen
from lgtsm.features.i3d import I3D
from lgtsm.metrics.video_means import full_precision
from lgtsm.ops.frechet import frechet_distance, mean_and_covariance

PROTOCOLS = ("eval", "batch_statistics")
SETS = ("filled", "true")


class VideoFID(Metric):
    """Fréchet distance between the features of filled and of true videos, one feature vector a video.

    States are sums in float64 (count, sum, sum of outer products): memory does not grow with the number of videos, and
    batches and processes add up exactly.

    Args:
        features: frozen network video (batch, time, 3, height, width) -> (batch, features): `lgtsm.features.I3D`, or
            another one, with the protocol "eval" only.
        protocol: "eval" (the network in eval mode), or "batch_statistics" (I3D normalized by each clip's own
            statistics, as in the published numbers of Chang et al. 2019 and of later papers). It overrides the setting
            of I3D. Do not compare the two; `name` says which one this is, and whether the weights are the published.
        num_features: length of the network's vectors.

    Raises:
        ValueError: there is no such protocol, or the network does not have it.

    Source: Chang et al. 2019, Section 4 (FID with I3D features, after Wang et al. 2018).
    """

    full_state_update = False
    higher_is_better = False
    is_differentiable = False

    def __init__(self, features: nn.Module, protocol: str = "eval", num_features: int = 1024, **kwargs: Any):
        super().__init__(**kwargs)
        check_choice("protocol", protocol, PROTOCOLS)
        if protocol != "eval" and not isinstance(features, I3D):
            raise ValueError(
                f"The protocol {protocol!r} needs I3D features; got {type(features).__name__}. Use protocol='eval'."
            )
        self.protocol = protocol
        self.features = Frozen(features)
        for which in SETS:
            shapes = {"count": (), "sum": (num_features,), "products": (num_features, num_features)}
            for state, shape in shapes.items():
                self.add_state(f"{state}_{which}", torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    @property
    def names(self) -> tuple[str]:
        """The single name, as a tuple like the other metrics'."""
        return (self.name,)

    @property
    def name(self) -> str:
        """Name in a report: the protocol, and whether the weights are the published ones."""
        published = getattr(self.features.network, "published", False)
        return f"video_fid_{self.protocol}" + ("" if published else "_not_published")

    @torch.no_grad()
    def update(self, filled: Tensor, video: Tensor, hole: Tensor | None = None) -> None:
        """Add a batch of videos.

        Args:
            filled: (batch, time, 3, height, width); clipped to [0, 1] first.
            video: the true ones, (batch', time, 3, height, width) in [0, 1]; they may show other scenes.
            hole: not used; for the same call as the other metrics.
        """
        self.update_vectors(self.look(filled, "filled"), self.look(video, "true"))

    def look(self, videos: Tensor, name: str = "videos") -> Tensor:
        """Return the network's vectors, (batch, features), of (batch, time, 3, height, width), clipped to [0, 1].

        The network looks in float32 under any autocast.
        """
        check_video(videos, name)
        network = self.features.network
        options = {"batch_statistics": self.protocol == "batch_statistics"} if isinstance(network, I3D) else {}
        with full_precision(videos):
            return network(videos.float().clamp(0, 1), **options)

    def update_vectors(self, filled: Tensor, video: Tensor) -> None:
        """Add vectors that `look` returned, each (batch, features)."""
        for which, vectors in zip(SETS, (filled.double(), video.double())):
            for state, value in (("count", len(vectors)), ("sum", vectors.sum(0)), ("products", vectors.T @ vectors)):
                name = f"{state}_{which}"
                setattr(self, name, getattr(self, name) + value)

    def compute(self) -> Tensor:
        """Return the distance over all processes' videos; see `distance`."""
        return self.distance()

    def distance(self) -> Tensor:
        """Return the distance over the videos that this process has added, a float64 scalar.

        Raises:
            ValueError: there are fewer than two videos, so no covariance.
        """
        gaussians: list[Tensor] = []
        for which in SETS:
            count, total, products = (getattr(self, f"{state}_{which}") for state in ("count", "sum", "products"))
            if count < 2:
                raise ValueError(f"Video FID compares sets of at least two videos; got {int(count)} ({which}).")
            gaussians += mean_and_covariance(count, total, products)
        return frechet_distance(*gaussians)
