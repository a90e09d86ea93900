"""A stream gives what the whole clip gives."""

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

import lgtsm
from lgtsm.layers import streaming
from tests.reference.lively import make_lively

MODELS = {
    "lgtsm": {},
    "lgtsm_width5": {"shift_kernel_size": 5, "shift_groups": 4},
    "lgtsm_paper": {"geometry": "paper"},
    "lgtsm_spectral": {"spectral_norm": True},
    "lgtsm_causal": {"causal": True},
    "lgtsm_causal_even": {"causal": True, "shift_kernel_size": 4},
    "gtsm": {},
    "gtsm_paper_spectral": {"geometry": "paper", "spectral_norm": True},
    "gtsm_causal": {"causal": True},
    "tsm": {},
    "gated3d": {},
    "gated3d_spectral": {"spectral_norm": True},
    "gated3d_causal": {"causal": True},
}


@pytest.fixture(params=MODELS)
def model(request):
    return make_lively(lgtsm.create_model(request.param.split("_")[0], width=8, **MODELS[request.param]))


def fill(model, video, hole):
    return lgtsm.Inpainter(model, precision="fp32").fill(video, hole)


def stream(model, video, hole, sizes):
    state, pieces, start = model.initial_state(), [], 0
    while start < video.shape[1]:
        size = sizes[len(pieces) % len(sizes)]
        filled, state = model.step(video[:, start : start + size], hole[:, start : start + size], state)
        pieces.append(filled)
        start += size
    return [*pieces, model.flush(state)]


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 3, 9])
def test_clips_cut_into_parts_come_out_the_same(model, frames, make_clip, monkeypatch):
    video, hole = make_clip(2, 13, 20, 26)
    with torch.enable_grad():  # which keeps clips whole
        expected = model(video, hole)["predicted"]
    monkeypatch.setattr(streaming, "BYTES_AT_ONCE", frames * 2 * 8 * 20 * 28 * 4)
    torch.testing.assert_close(model(video, hole)["predicted"], expected, atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("sizes", [[1], [3], [8], [2, 5, 1]])
def test_joined_pieces_equal_the_whole_clip(model, sizes, make_clip):
    video, hole = make_clip(2, 23, 20, 26)
    expected = fill(model, video, hole)
    pieces = stream(model, video, hole, sizes)
    torch.testing.assert_close(torch.cat(pieces, 1), expected, atol=1e-5, rtol=0)
    delay = model.temporal_reach[1]
    given = 0
    for k, piece in enumerate(pieces[:-1]):
        given += piece.shape[1]
        received = min(23, sum(sizes[i % len(sizes)] for i in range(k + 1)))
        assert given == max(0, received - delay)


@torch.no_grad()
def test_steps_clip_as_fill_does(model, make_clip):
    video, hole = make_clip(2, 9, 20, 26)
    last = model.layers["conv11"].feature
    last.weight.mul_(4)
    raw = model(video, hole)["filled"]
    assert raw.min() < 0 and raw.max() > 1
    joined, filled = torch.cat(stream(model, video, hole, [4]), 1), fill(model, video, hole)
    assert (joined.min(), joined.max()) == (filled.min(), filled.max()) == (0, 1)
    torch.testing.assert_close(joined, filled, atol=1e-5, rtol=0)
    known = (hole == 0).expand_as(video)
    assert torch.equal(joined[known], video[known])
    if not model.temporal_reach[1]:  # one step computes what `fill` does, in the same order
        assert torch.equal(torch.cat(stream(model, video, hole, [9]), 1), filled)


@torch.no_grad()
def test_known_pixels_are_never_clipped(make_clip):
    model = lgtsm.create_model("gtsm", width=8).eval()
    video, hole = make_clip(1, 3, 16, 16)
    video = video * 3 - 1
    known = (hole == 0).expand_as(video)
    for result in (torch.cat(stream(model, video, hole, [2]), 1), fill(model, video, hole)):
        assert torch.equal(result[known], video[known])


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 5])
def test_clips_shorter_than_the_reach(length, make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    video, hole = make_clip(1, length, 16, 16)
    torch.testing.assert_close(
        torch.cat(stream(model, video, hole, [2]), 1), fill(model, video, hole), atol=1e-5, rtol=0
    )


@torch.no_grad()
def test_state_is_explicit_and_its_size_constant(make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    video, hole = make_clip(1, 60, 16, 16)

    def numbers(state):
        tensors = [state.video, state.hole, *(t for layer in state.layers for t in (layer.past, layer.pending))]
        # What a tensor really holds on to, not only what it shows.
        return sum(t.untyped_storage().nbytes() for t in tensors if t is not None)

    state, sizes = model.initial_state(), []
    for t in range(60):
        before = state
        filled, state = model.step(video[:, t : t + 1], hole[:, t : t + 1], before)
        sizes.append(numbers(state))
        if t == 40:
            # The same step from the same state gives the same: nothing is kept anywhere else.
            again, _ = model.step(video[:, t : t + 1], hole[:, t : t + 1], before)
            assert torch.equal(filled, again)
    assert len(set(sizes[model.temporal_reach[1] + 1 :])) == 1


@torch.no_grad()
def test_two_streams_of_one_model_do_not_meet(make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    (a, hole), (b, _) = make_clip(1, 20, 16, 16), make_clip(2, 20, 16, 16)
    b = b[:1]
    states, pieces = [model.initial_state(), model.initial_state()], ([], [])
    for t in range(20):
        for k, video in enumerate((a, b)):
            filled, states[k] = model.step(video[:, t : t + 1], hole[:, t : t + 1], states[k])
            pieces[k].append(filled)
    for k, video in enumerate((a, b)):
        joined = torch.cat([*pieces[k], model.flush(states[k])], 1)
        torch.testing.assert_close(joined, fill(model, video, hole), atol=1e-5, rtol=0)


@torch.no_grad()
def test_every_frame_is_convolved_once(make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    video, hole = make_clip(1, 25, 16, 16)
    frames = dict.fromkeys(model.layers, 0)
    for name, layer in model.layers.items():

        def count(conv, inputs, output, name=name):
            frames[name] += len(output)

        layer.feature.register_forward_hook(count)
    stream(model, video, hole, [3])
    assert set(frames.values()) == {25}


@torch.no_grad()
def test_the_end_takes_no_more_frames_at_once_than_the_middle(model, make_clip):
    video, hole = make_clip(1, 25, 16, 16)
    most = max(ahead for _, ahead in (layer.reach for layer in model.layers.values()))
    sizes = []
    for layer in model.layers.values():

        def convolve(window, frames, whole=layer.convolve_window):
            sizes.append(frames.shape[1])
            return whole(window, frames)

        layer.convolve_window = convolve
    state = model.initial_state()
    for t in range(25):
        _, state = model.step(video[:, t : t + 1], hole[:, t : t + 1], state)
    sizes.clear()
    rest = model.flush(state)
    assert rest.shape[1] == min(25, model.temporal_reach[1])
    assert max(sizes, default=0) <= most


@torch.no_grad()
@pytest.mark.parametrize("name", ["lgtsm", "lgtsm_paper", "gtsm_causal", "gated3d"])
@pytest.mark.parametrize(
    ("size", "inner"),
    [((336, 24), (161, 5, 170, 12)), ((27, 335), (0, 320, 9, 335)), ((20, 30), (0, 0, 20, 30))],
    ids=["middle", "corner", "all"],
)
def test_a_part_is_the_part_of_the_whole(name, size, inner, make_clip):
    model = make_lively(lgtsm.create_model(name.split("_")[0], width=4, **MODELS[name]))
    top, left, bottom, right = inner
    video, hole = make_clip(1, 3, *size)
    computed = []
    for layer in model.layers.values():

        def convolve(window, frames, whole=layer.convolve_window):
            out = whole(window, frames)
            computed.append(out.shape[2] * out.shape[3])
            return out

        layer.convolve_window = convolve
    pieces, state = [], model.initial_state(inner)
    for t in range(3):
        piece, state = model.step(video[:, t : t + 1], hole[:, t : t + 1], state)
        pieces.append(piece)
    joined = torch.cat([*pieces, model.flush(state)], 1)
    expected = fill(model, video, hole)[..., top:bottom, left:right]
    torch.testing.assert_close(joined, expected, atol=1e-5, rtol=0)
    if bottom - top < size[0]:  # the last layer computes next to nothing but what is wanted
        assert min(computed) <= (bottom - top + 8) * (right - left + 8) / 4
        assert computed[-1] <= (bottom - top + 8) * (right - left + 8)


@torch.no_grad()
def test_the_networks_own_pixels_come_too(make_clip):
    model = make_lively(lgtsm.create_model("lgtsm", width=8))
    video, hole = make_clip(1, 20, 16, 16)
    first, state = model.step(video[:, :19], hole[:, :19], model.initial_state(), output="predicted")
    second, state = model.step(video[:, 19:], hole[:, 19:], state, output="predicted")
    joined = torch.cat([first, second, model.flush(state, output="predicted")], 1)
    torch.testing.assert_close(joined, model(video, hole)["predicted"], atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match=r"output.*coarse"):
        model.step(video, hole, model.initial_state(), output="coarse")


@torch.no_grad()
@pytest.mark.parametrize("name", ["lgtsm", "gtsm_causal"])
def test_compiled_steps_are_the_same(name, make_clip):
    counter = CompileCounterWithBackend("aot_eager")
    model = make_lively(lgtsm.create_model(name.split("_")[0], width=8, **MODELS[name]), few_layers=True)
    video, hole = make_clip(1, 16, 16, 20)
    step, state, pieces = torch.compile(model.step, backend=counter), model.initial_state(), []
    for t in range(16):
        filled, state = step(video[:, t : t + 1], hole[:, t : t + 1], state)
        pieces.append(filled)
    joined = torch.cat([*pieces, model.flush(state)], 1)
    torch.testing.assert_close(joined, fill(model, video, hole), atol=1e-5, rtol=0)
    # One graph of the whole step, however many steps; and what there is before the first frame comes back.
    graphs = [sum("conv2d" in str(node.target) for node in graph.graph.nodes) for graph in counter.graphs]
    assert sorted(graphs)[:-1] == [0] * (len(graphs) - 1)
    assert max(graphs) == (2 if hasattr(model.layers["conv1"], "gate") else 1) * len(model.layers)
    assert len(graphs) <= 2


def test_errors(make_clip):
    model = lgtsm.create_model("lgtsm", width=8)
    with pytest.raises(ValueError, match="flush"):
        model.flush(model.initial_state())
    _, state = model.step(*make_clip(1, 2, 16, 16), model.initial_state())
    with pytest.raises(ValueError, match="keep their size"):
        model.step(*make_clip(1, 2, 20, 16), state)
