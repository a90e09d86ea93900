"""The networks that the paper compares with: parity with the published ones, and what is theirs alone."""

import json

import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.features import I3D
from lgtsm.layers.space_time import GatedSpaceTimeConv, SpaceTimeConv
from lgtsm.models.official_keys import spectral_norm_key
from lgtsm.models.weight_checks import check_fit
from lgtsm.ops.edges import canny
from tests.reference.rule_weights import rule_weights


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def load_pair(folder, name):
    expected = np.load(folder / "official" / f"{name}.npz")
    video, known = torch.from_numpy(expected["frames"]), torch.from_numpy(expected["mask_valid"])
    return lgtsm.load_official(folder / "official" / f"{name}.pth"), expected, video, 1 - known


def test_published_parameter_counts():
    with torch.device("meta"):
        counts = {
            "gated3d": (count(lgtsm.create_model("gated3d", initialization="pytorch")), 36.395e6),
            "t_patchgan": (count(lgtsm.create_discriminator("t_patchgan", spectral_norm=True)), 17.843e6),
            "combcn": (count(lgtsm.create_model("combcn")), 15.506e6),
            "edges": (count(lgtsm.create_model("edge_connect").edges), 10.761e6),
            "frames": (count(lgtsm.create_model("edge_connect").frames), 10.775e6),
            "edge_connect": (count(lgtsm.create_discriminator("edge_connect")), 2.764e6),
            "i3d": (count(I3D()), 12.697e6),
        }
    assert {name: pair for name, pair in counts.items() if abs(pair[0] - pair[1]) > 0.001e6} == {}


def test_parity_of_gated3d_whose_spectral_norm_acts(data_folder):
    networks, expected, video, hole = load_pair(data_folder, "gated3d_nf4")
    with torch.no_grad():
        filled = networks.generator(video, hole)["filled"]
        scores = networks.discriminator(filled, hole)
    torch.testing.assert_close(filled, torch.from_numpy(expected["output"]), atol=2e-6, rtol=0)
    torch.testing.assert_close(scores, torch.from_numpy(expected["disc_score"]), atol=2e-6, rtol=0)
    assert networks.generator.catalog_entry["spectral_norm"]
    assert not networks.generator.training
    assert not networks.discriminator.training


def test_parity_of_combcn(data_folder):
    networks, expected, video, hole = load_pair(data_folder, "combcn_df2_df4")
    with torch.no_grad():
        output = networks.generator(video, hole)
    torch.testing.assert_close(output["filled"], torch.from_numpy(expected["output"]), atol=2e-5, rtol=0)
    coarse = torch.from_numpy(expected["coarse_half_resolution"]).transpose(1, 2)
    torch.testing.assert_close(output["coarse"], coarse, atol=2e-5, rtol=0)
    assert networks.discriminator is None
    again = lgtsm.load_model(data_folder / "official" / "combcn_df2_df4.pth")
    assert torch.equal(again.fine.conv17.conv.bias, networks.generator.fine.conv17.conv.bias)
    assert networks.generator.catalog_entry == {"name": "combcn", "width": 4, "coarse_width": 2}


@pytest.fixture(scope="module")
def edge_connect_weights(request):
    folder = request.path.parents[1] / "data" / "official"
    expected, keys = np.load(folder / "edge_connect.npz"), json.loads((folder / "edge_connect_keys.json").read_text())
    weights = {}
    for name, seed in (("EdgeModel_gen", "edge_seed"), ("InpaintingModel_gen", "inpaint_seed")):
        drawn = rule_weights(keys[name], int(expected[seed]), float(expected["gain"]), ("decoder.0.", "decoder.3."))
        weights[name] = {key: torch.from_numpy(value) for key, value in drawn.items()}
    return weights, {key: torch.from_numpy(expected[key]) for key in expected}


def test_parity_of_edge_connect_out_of_its_folder(edge_connect_weights, tmp_path):
    weights, expected = edge_connect_weights
    for name, state in weights.items():
        torch.save({"iteration": 1, "generator": state}, tmp_path / f"{name}.pth")
    networks = lgtsm.load_official(tmp_path)
    missing = expected["mask_hole"] > 0.5
    with torch.no_grad():
        edges = networks.generator.complete_edges(expected["gray"], expected["edge"], missing)
        painted = networks.generator.paint(expected["image"], edges, missing)
    torch.testing.assert_close(edges, expected["edge_output"], atol=2e-5, rtol=0)
    torch.testing.assert_close(painted, expected["inpaint_output"], atol=5e-5, rtol=0)
    assert networks.discriminator is None


def test_edge_connect_discriminator_takes_the_published_names():
    discriminator = lgtsm.create_discriminator("edge_connect", channels=2)
    sizes = [(64, 2), (128, 64), (256, 128), (512, 256), (1, 512)]
    keys = {f"conv{i + 1}.0.weight_orig": (*size, 4, 4) for i, size in enumerate(sizes)}
    keys |= {f"conv{i + 1}.0.weight_u": (out,) for i, (out, _) in enumerate(sizes)}
    keys |= {f"conv{i + 1}.0.weight_v": (channels * 16,) for i, (_, channels) in enumerate(sizes)}
    check_fit("file", discriminator, {spectral_norm_key(key): torch.rand(shape) for key, shape in keys.items()})
    assert [a.shape[1] for a in discriminator.activations(torch.rand(1, 2, 32, 32))] == [64, 128, 256, 512, 1]


def edge_connect_of_stage(stage):
    torch.manual_seed(0)
    return lgtsm.create_model("edge_connect", width=4, residual_blocks=1, stage=stage).eval()


def rings(make_clip):
    """Clips of sharp rings, whose edges go on under the hole."""
    video, hole = make_clip(2, 2, 48, 56)
    down, right = torch.meshgrid(torch.arange(48.0), torch.arange(56.0), indexing="ij")
    distance = ((down - 20) ** 2 + (right - 26) ** 2).sqrt()
    return ((distance / 8).floor() % 2).expand_as(video) * 0.6 + 0.2 * video, hole


def test_the_stage_edges_is_judged_by_true_edges_of_the_whole_frame(make_clip):
    model, (video, hole) = edge_connect_of_stage("edges"), rings(make_clip)
    with torch.no_grad():
        output, filling = model.training_output(video, hole), model(video, hole)
    assert set(output) == {"edges", "real", "judged"}
    gray = (video * torch.tensor([0.2125, 0.7154, 0.0721]).view(3, 1, 1)).sum(2)
    torch.testing.assert_close(output["real"][:, :, 0], gray)
    torch.testing.assert_close(output["judged"][:, :, 0], gray)
    assert torch.equal(output["judged"][:, :, 1:], output["edges"])
    assert torch.equal(output["edges"], filling["edges"])  # completed from what filling sees, and from nothing else
    true_edges = output["real"][:, :, 1:]
    assert torch.equal(true_edges, canny(gray.flatten(0, 1)[:, None]).unflatten(0, (2, 2)))
    assert (true_edges * hole).sum() > 20


def test_the_stage_frames_paints_along_true_edges_and_sees_no_color_under_the_hole(make_clip):
    model, (video, hole) = edge_connect_of_stage("frames"), rings(make_clip)
    brighter = video + 0.1 * hole  # has other colors, and other edges at the hole's border only
    frames, missing = video.flatten(0, 1), hole.flatten(0, 1) > 0
    with torch.no_grad():
        output = model.training_output(video, hole)
        edges = canny((frames * torch.tensor([0.2125, 0.7154, 0.0721]).view(3, 1, 1)).sum(1, keepdim=True))
        torch.testing.assert_close(output["edges"].flatten(0, 1), edges)
        torch.testing.assert_close(output["predicted"].flatten(0, 1), model.paint(frames, edges, missing))
        repainted = model.paint(brighter.flatten(0, 1), edges, missing)
    torch.testing.assert_close(output["predicted"].flatten(0, 1), repainted)
    known = (hole == 0).expand_as(video)
    assert torch.equal(output["filled"][known], video[known])


@pytest.mark.parametrize("stage", ["edges", "frames", "joint"])
def test_edges_under_the_hole_never_reach_the_filling_whatever_the_stage(stage, make_clip):
    model, (video, hole) = edge_connect_of_stage(stage), rings(make_clip)
    hidden = torch.where(hole > 0, float("nan"), video)
    with torch.no_grad():
        output, blind = model(video, hole), model(hidden, hole)
        assert all(torch.equal(output[key], blind[key]) for key in ("predicted", "edges"))
        if stage == "joint":
            training = model.training_output(hidden, hole)
            assert all(torch.equal(output[key], training[key]) for key in ("predicted", "edges"))


def test_stages_and_channels_get_a_sentence(make_clip):
    with pytest.raises(ValueError, match=r"stage.*both"):
        lgtsm.create_model("edge_connect", stage="both")
    video, hole = make_clip()
    with pytest.raises(ValueError, match=r"2 .*\(1, 4, 3, 32, 40\).*discriminator\.channels"):
        lgtsm.create_discriminator("edge_connect", width=4, channels=2)(video, hole)


def test_damaged_checkpoints_get_a_sentence(data_folder, tmp_path):
    from lgtsm.models.official_weights import build_official, read_checkpoint

    checkpoint = read_checkpoint(data_folder / "official" / "combcn_df2_df4.pth")
    del checkpoint["state_dict"]["combCN.conv16.conv.bias"]
    with pytest.raises(ValueError, match=r"CombCN.*conv16"):
        build_official(checkpoint, "file.pth")
    checkpoint = read_checkpoint(data_folder / "official" / "gated3d_nf4.pth")
    del checkpoint["state_dict"]["temporal_discriminator.conv3.featureConv.bias"]
    with pytest.raises(ValueError, match=r"layers\.conv3\.feature\.bias is missing"):
        build_official(checkpoint, "file.pth")
    checkpoint["config"]["arch"]["args"]["opts"]["conv_by"] = "2d"
    with pytest.raises(ValueError, match=r"generator.*conv_by='2d'.*2dtsm"):
        build_official(checkpoint, "file.pth")
    with pytest.raises(FileNotFoundError, match=r"EdgeModel_gen\.pth"):
        lgtsm.load_official(tmp_path)
    torch.save({"iteration": 1}, tmp_path / "EdgeModel_gen.pth")
    with pytest.raises(ValueError, match="Edge-Connect"):
        lgtsm.load_official(tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [("gated3d", {}), ("gated3d", {"causal": True}), ("combcn", {}), ("edge_connect", {"residual_blocks": 1})],
)
def test_temporal_reach_is_what_a_frame_depends_on(name, options):
    model = lgtsm.create_model(name, width=4, **options).double().eval()
    behind, ahead = model.temporal_reach
    length, at = behind + ahead + 5, behind + 2
    video = torch.rand(1, length, 3, 16, 16, dtype=torch.float64, requires_grad=True)
    hole = torch.zeros(1, length, 1, 16, 16)
    hole[..., 4:12, 4:12] = 1
    model(video, hole)["predicted"][:, at].square().sum().backward()
    seen = video.grad.abs().sum((0, 2, 3, 4)).nonzero().flatten()
    assert (at - seen.min(), seen.max() - at) == (behind, ahead)


def test_coarse_result_is_every_second_pixel_with_the_hole_filled(make_clip):
    model = lgtsm.create_model("combcn", width=4).eval()
    for size in ((32, 40), (17, 31)):
        video, hole = make_clip(2, 3, *size)
        coarse = model(video, hole)["coarse"]
        half, half_hole = video[..., ::2, ::2], hole[..., ::2, ::2].expand_as(coarse) > 0
        assert coarse.shape == half.shape
        assert torch.equal(coarse[~half_hole], half[~half_hole])


def test_a_new_gated3d_keeps_the_variance_of_the_features(make_clip):
    with torch.no_grad():
        for initialization, expected in {"variance_preserving": True, "pytorch": False}.items():
            model = lgtsm.create_model("gated3d", width=16, initialization=initialization)
            video, hole = make_clip(1, 4, 64, 64)
            predicted = model(video, hole * 0)["predicted"]
            assert abs(predicted.mean() - 0.5) < 0.2
            assert (predicted[..., 8:-8, 8:-8].std() > 0.1 * video.std()) == expected


@pytest.mark.parametrize("layer_class", [SpaceTimeConv, GatedSpaceTimeConv])
def test_a_causal_layer_is_the_centered_one_a_frame_later(layer_class):
    centered, causal = layer_class(3, 4, 3, padding=1), layer_class(3, 4, 3, padding=1, causal=True)
    causal.load_state_dict(centered.state_dict())
    features = torch.rand(12, 3, 8, 8)  # two clips of six frames
    late, early = (layer(features, 6).unflatten(0, (2, 6)) for layer in (causal, centered))
    torch.testing.assert_close(late[:, 1:], early[:, :-1])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("t_patchgan", {}),
        ("t_patchgan", {"spectral_norm": True, "sigmoid": True}),
        ("edge_connect", {}),
        ("edge_connect", {"spectral_norm": False, "sigmoid": True}),
    ],
)
def test_discriminators(name, options, make_clip):
    discriminator = lgtsm.create_discriminator(name, width=8, **options)
    video, hole = make_clip(2, 3, 64, 96)
    scores = discriminator(video, hole)
    assert scores.shape == ((2, 3, 32, 1, 2) if name == "t_patchgan" else (2, 3, 1, 6, 10))
    scores.square().mean().backward()
    assert all(p.grad is not None and p.grad.any() for p in discriminator.parameters())
    if "sigmoid" in options:
        assert ((scores > 0) & (scores < 1)).all()
    with pytest.raises(ValueError, match="at least"):
        discriminator(video[..., :2, :2], hole[..., :2, :2])


@pytest.mark.parametrize("name", ["gated3d", "combcn", "edge_connect"])
def test_a_saved_network_comes_back(name, tmp_path, make_clip):
    model = lgtsm.create_model(name, width=4).eval()
    lgtsm.save_model(model, tmp_path / "weights.safetensors")
    video, hole = make_clip()
    with torch.no_grad():
        again = lgtsm.load_model(tmp_path / "weights.safetensors")(video, hole)["filled"]
        torch.testing.assert_close(again, model(video, hole)["filled"], atol=0, rtol=0)
