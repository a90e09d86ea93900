"""What the page takes, and what it says about the rest."""

import shutil

import pytest

from lgtsm.app.uploads import Limits, check_upload, safe_name, size
from lgtsm.video.errors import VideoError


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("holiday 2024.mp4", "holiday 2024.mp4"),
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("C:\\Users\\me\\a.mov", "a.mov"),
        ("<img src=x onerror=alert(1)>.mp4", "_img src_x onerror_alert_1__.mp4"),
        (".hidden.mp4", "hidden.mp4"),
        ("Übung.mp4", "Übung.mp4"),
        ("a" * 300 + ".mp4", "a" * 80 + ".mp4"),
        ("...", "video"),
        ("`${alert(1)}`.mp4", "___alert_1___.mp4"),
    ],
)
def test_names_lose_all_but_the_name(name, safe):
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("count", "said"), [(900, "900 bytes"), (2048, "2 kB"), (500 * 2**20, "500 MB"), (3 * 2**29, "1.5 GB")]
)
def test_sizes_in_words(count, said):
    assert size(count) == said


def test_a_video_within_the_limits_is_taken(data_folder):
    path = data_folder / "odd" / "with_audio.mp4"
    info = check_upload(path, Limits())
    assert info.audio_codecs and info.path == path
    assert check_upload(path, Limits(path.stat().st_size, float(info.duration))) == info


@pytest.mark.parametrize(
    ("source", "name", "limits", "sentence"),
    [
        (
            "bmx-trees/video.mp4",
            "in.mp4",
            Limits(max_bytes=50 * 1024),
            "in.mp4 must be at most 50 kB large; it is 71.9 kB. ",
        ),
        (
            "bmx-trees/video.mp4",
            "in.mp4",
            Limits(max_seconds=0.5),
            "in.mp4 must be at most 0.5 s long; it is 1 s. Cut it ",
        ),
        ("bmx-trees/video.mp4", "in.txt", Limits(), "in.txt must be a video file, such as .mp4"),
        ("odd/not_a_video.mp4", "in.mp4", Limits(), "in.mp4 must be a video file"),
        ("odd/empty.mp4", "in.mp4", Limits(), "in.mp4 must be a video file"),
        ("odd/truncated_no_moov.mp4", "in.mp4", Limits(), "in.mp4 "),
    ],
)
def test_others_are_refused_in_a_sentence_without_folders(data_folder, tmp_path, source, name, limits, sentence):
    shutil.copy(data_folder / source, tmp_path / name)
    with pytest.raises(VideoError) as refusal:
        check_upload(tmp_path / name, limits)
    assert str(refusal.value).startswith(sentence)
    assert str(tmp_path) not in str(refusal.value)


def test_a_playlist_does_not_lead_the_decoder_to_other_files(data_folder, tmp_path):
    clip = data_folder / "bmx-trees" / "video.mp4"
    (tmp_path / "in.mp4").write_text(f"ffconcat version 1.0\nfile '{clip}'\n")
    with pytest.raises(VideoError, match=r"^in\.mp4 must be a video file"):
        check_upload(tmp_path / "in.mp4", Limits())
