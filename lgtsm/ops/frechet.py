"""The Fréchet distance between two sets of features."""

from __future__ import annotations

import torch
from torch import Tensor


def frechet_distance(mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor) -> Tensor:
    """Return the squared Fréchet (2-Wasserstein) distance of two Gaussians, a float64 scalar.

    |μ_a - μ_b|² + tr(Σ_a + Σ_b - 2 (Σ_a Σ_b)^(1/2)). The last trace is the sum of the singular values of
    Σ_a^(1/2) Σ_b^(1/2), which also exists for singular covariances (fewer videos than features).

    Args:
        mean_a, mean_b: (features,).
        covariance_a, covariance_b: (features, features), symmetric.

    Raises:
        ValueError: the sizes do not fit together.

    Source: Dowson and Landau 1982; Heusel et al. 2017 for the use on features.
    """
    size = mean_a.numel()
    shapes = [tuple(t.shape) for t in (mean_a, covariance_a, mean_b, covariance_b)]
    if shapes != [(size,), (size, size)] * 2:
        raise ValueError(f"Means must be (features,) and covariances (features, features), of one size; got {shapes}.")
    mean_a, mean_b, covariance_a, covariance_b = (t.double() for t in (mean_a, mean_b, covariance_a, covariance_b))
    overlap = torch.linalg.svdvals(_square_root(covariance_a) @ _square_root(covariance_b)).sum()
    distance = (mean_a - mean_b).square().sum() + covariance_a.trace() + covariance_b.trace() - 2 * overlap
    return distance.clamp(min=0)  # rounding may leave a little less than 0


def mean_and_covariance(count: Tensor, total: Tensor, products: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the unbiased covariance of vectors from their sums.

    Args:
        count: number of vectors, at least 2.
        total: (features,), their sum.
        products: (features, features), the sum of their outer products.
    """
    mean = total / count
    return mean, (products - count * torch.outer(mean, mean)) / (count - 1)


def _square_root(covariance: Tensor) -> Tensor:
    """Return the symmetric square root of a symmetric matrix whose eigenvalues are 0 or more, but for rounding."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T
