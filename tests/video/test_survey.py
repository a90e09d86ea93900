import tracemalloc

import cv2
import numpy as np
import pytest

from lgtsm.video.survey import MOST_BOXES, survey


@pytest.fixture
def holes():
    """Twenty frames: blobs in 2 to 4, 7 and 15, nothing elsewhere."""
    holes = np.zeros((20, 30, 44), np.uint8)
    for t in (2, 3, 4, 7, 15):
        holes[t, 3 + t : 9 + t, 2 * t : 2 * t + 6] = 1
    holes[4, 25:28, 40:44] = 1
    return holes


def expected_boxes(union):
    _, labels = cv2.connectedComponents(union, connectivity=8)
    places = [np.argwhere(labels == label) for label in range(1, labels.max() + 1)]
    return sorted([*place.min(0).tolist(), *(place.max(0) + 1).tolist()] for place in places)


def test_what_a_mask_holds(holes):
    found = survey(iter(holes))  # once is enough
    assert (found.frames, found.height, found.width) == holes.shape
    assert found.hole_share == pytest.approx(holes.mean())
    np.testing.assert_array_equal(found.areas, holes.sum((1, 2)))
    np.testing.assert_array_equal(found.rows, holes.sum((0, 2)))
    assert [(run.first, run.last) for run in found.runs] == [(2, 4), (7, 7), (15, 15)]
    for run in found.runs:
        union = holes[run.first : run.last + 1].max(0)
        assert sorted(run.boxes.tolist()) == expected_boxes(union)


def test_edges(holes):
    assert survey(np.zeros((3, 4, 5), np.uint8)).runs == ()
    assert survey(np.zeros((3, 4, 5), np.uint8)).hole_share == 0.0
    assert survey(np.ones((3, 4, 5), np.uint8)).hole_share == 1.0
    still = survey([holes[2]] * 5)
    assert still.areas.tolist() == [36] * 5 and still.rows.sum() == 180 and len(still.runs) == 1
    specks = np.zeros((150, 150), np.uint8)
    specks[1:-3:3, 2::3] = 1
    (run,) = survey([specks]).runs
    assert specks.sum() > MOST_BOXES and run.boxes.tolist() == [[1, 2, 146, 150]]


def test_memory_does_not_grow_with_the_frames(holes):
    """Every third frame has a hole of its own place: a union each would take 1,000 times 75 KB."""

    def film(count):
        for t in range(count):
            hole = np.zeros((240, 320), np.uint8)
            if t % 3 == 0:
                hole[t % 200 : t % 200 + 40, t % 260 : t % 260 + 60] = 1
            yield hole

    tracemalloc.start()
    found = survey(film(3000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.runs) == 1000 and peak < 4 * 2**20
