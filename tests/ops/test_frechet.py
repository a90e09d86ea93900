import numpy as np
import pytest
import torch

from lgtsm.ops.frechet import frechet_distance, mean_and_covariance


def gaussian(features):
    return mean_and_covariance(torch.tensor(len(features)), features.sum(0), features.T @ features)


def test_the_stored_distance(data_folder):
    stored = np.load(data_folder / "official" / "i3d.npz")
    a, b = (gaussian(torch.from_numpy(stored[key])) for key in ("feats_a", "feats_b"))
    assert frechet_distance(*a, *b).item() == pytest.approx(float(stored["frechet_distance"]), abs=1e-6)


def test_mean_and_covariance_out_of_sums():
    features = torch.randn(9, 4, dtype=torch.float64) + 3
    mean, covariance = gaussian(features)
    torch.testing.assert_close(mean, features.mean(0))
    torch.testing.assert_close(covariance, features.T.cov())


def test_one_dimension_is_the_textbook_formula():
    one = [torch.tensor([2.0]), torch.tensor([[9.0]]), torch.tensor([5.0]), torch.tensor([[4.0]])]
    assert frechet_distance(*one).item() == pytest.approx((2 - 5) ** 2 + (3 - 2) ** 2)


def test_fewer_vectors_than_features_and_equal_sets():
    a, b = torch.rand(3, 40, dtype=torch.float64), torch.rand(5, 40, dtype=torch.float64)
    assert frechet_distance(*gaussian(a), *gaussian(a)).item() == pytest.approx(0, abs=1e-6)
    there, back = frechet_distance(*gaussian(a), *gaussian(b)), frechet_distance(*gaussian(b), *gaussian(a))
    assert there.item() == pytest.approx(back.item(), rel=1e-9)
    assert there > 0


def test_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match="covariances"):
        frechet_distance(torch.zeros(2), torch.eye(2), torch.zeros(3), torch.eye(3))
