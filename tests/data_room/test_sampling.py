import pytest

from lgtsm.data.sampling import StreamBatches


def all_batches(**options):
    return list(StreamBatches(num_videos=5, batch_size=2, num_batches=6, seed=3, **options))


def test_every_pass_takes_every_video_once_in_another_order():
    items = [item for batch in StreamBatches(5, 1, 15, seed=3) for item in batch]
    assert [draw for draw, _ in items] == list(range(15))
    passes = [[video for _, video in items[k : k + 5]] for k in (0, 5, 10)]
    assert all(sorted(one) == list(range(5)) for one in passes)
    assert len({tuple(one) for one in passes}) > 1


def test_two_processes_see_what_one_sees():
    whole = list(StreamBatches(5, 4, 6, seed=3))
    first, second = (all_batches(rank=rank, num_replicas=2) for rank in range(2))
    for batch, a, b in zip(whole, first, second, strict=True):
        assert sorted(batch) == sorted(a + b)


def test_goes_on_where_it_stopped():
    whole = all_batches()
    assert all_batches(batches_done=lambda: 2) == whole[2:]
    # At the end of an epoch the next one starts, and has its full length.
    second_epoch = all_batches(batches_done=lambda: 6)
    assert len(second_epoch) == 6
    assert second_epoch[0][0][0] == 12


def test_needs_videos():
    with pytest.raises(ValueError, match="num_videos"):
        StreamBatches(0, 1, 1)
