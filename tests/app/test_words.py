"""What the page says."""

import dataclasses

from lgtsm.app.words import about
from lgtsm.video.probe import probe


def test_a_damaged_video_is_told_in_whole_sentences_with_the_name_alone(data_folder):
    info = probe(data_folder / "odd" / "one_frame.mp4")
    assert about(info).count("<p") == 1
    faults = f"{info.path} ends early & <badly>.", "It has gaps."
    said = about(dataclasses.replace(info, index=dataclasses.replace(info.index, faults=faults)))
    assert said.endswith(
        '<p class="rule">one_frame.mp4 ends early &amp; &lt;badly&gt;.</p><p class="rule">It has gaps.</p>'
    )
