"""Video FID: how far a set of filled videos is from the set of true ones, in the eyes of a frozen network."""

from __future__ import annotations

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

    States are sums in float64 (count, sum, sum of outer products): the memory does not grow with the videos, batches
    equal the whole, and processes add up exactly.

    Args:
        features: frozen network video (batch, time, 3, height, width) -> (batch, features): `lgtsm.features.I3D`, or
            another one, under the protocol "eval" only.
        protocol: "eval" (the network in eval mode), or "batch_statistics" (I3D normalized by each clip's own
            statistics, which the published numbers of Chang et al. 2019 and of later papers contain). The two must
            not be compared with each other; `name` says which one this is. It decides, whatever I3D was built with.
            With other weights than the published ones `name` says that too.
        num_features: length of the network's vectors.

    Raises:
        ValueError: no such protocol, or not with this network.

    Source: Chang et al. 2019, Section 4 (FID with I3D features, after Wang et al. 2018).
    """

    full_state_update = False
    higher_is_better = False
    is_differentiable = False

    def __init__(self, features: nn.Module, protocol: str = "eval", num_features: int = 1024, **kwargs):
        super().__init__(**kwargs)
        check_choice("protocol", protocol, PROTOCOLS)
        if protocol != "eval" and not isinstance(features, I3D):
            raise ValueError(
                f"The protocol {protocol!r} is one of I3D's; got {type(features).__name__} as features. "
                "Use protocol='eval'."
            )
        self.protocol = protocol
        self.features = Frozen(features)
        for which in SETS:
            shapes = {"count": (), "sum": (num_features,), "products": (num_features, num_features)}
            for state, shape in shapes.items():
                self.add_state(f"{state}_{which}", torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    @property
    def names(self) -> tuple[str]:
        """Its only name, so that all metrics are asked alike."""
        return (self.name,)

    @property
    def name(self) -> str:
        """What the number is called in a report: its protocol, and whether the weights are those of papers."""
        published = getattr(self.features.network, "published", False)
        return f"video_fid_{self.protocol}" + ("" if published else "_not_published")

    @torch.no_grad()
    def update(self, filled: Tensor, video: Tensor, hole: Tensor | None = None) -> None:
        """Add a batch of videos.

        Args:
            filled: (batch, time, 3, height, width); clipped to [0, 1] first.
            video: the true ones, (batch', time, 3, height, width) in [0, 1]; they need not be of the same scenes.
            hole: not used; taken so that all metrics are called alike.
        """
        self.update_vectors(self.look(filled, "filled"), self.look(video, "true"))

    def look(self, videos: Tensor, name: str = "videos") -> Tensor:
        """Return the network's vectors, (batch, features), of (batch, time, 3, height, width), clipped to [0, 1].

        The network looks in float32, whatever autocast says.
        """
        check_video(videos, name)
        with full_precision(videos):
            return self._look(videos.float().clamp(0, 1))

    def update_vectors(self, filled: Tensor, video: Tensor) -> None:
        """Add what `look` gave, for example earlier, each (batch, features)."""
        for which, vectors in zip(SETS, (filled.double(), video.double())):
            for state, value in (("count", len(vectors)), ("sum", vectors.sum(0)), ("products", vectors.T @ vectors)):
                name = f"{state}_{which}"
                setattr(self, name, getattr(self, name) + value)

    def compute(self) -> Tensor:
        """Return the distance over all processes' videos; see `distance`."""
        return self.distance()

    def distance(self) -> Tensor:
        """Return the distance of what this process has added, a float64 scalar.

        Raises:
            ValueError: there are fewer than two videos, which have no covariance.
        """
        gaussians = []
        for which in SETS:
            count, total, products = (getattr(self, f"{state}_{which}") for state in ("count", "sum", "products"))
            if count < 2:
                raise ValueError(f"Video FID compares sets of at least two videos; got {int(count)} ({which}).")
            gaussians += mean_and_covariance(count, total, products)
        return frechet_distance(*gaussians)

    def _look(self, videos: Tensor) -> Tensor:
        network = self.features.network
        if isinstance(network, I3D):
            return network(videos, batch_statistics=self.protocol == "batch_statistics")
        return network(videos)
