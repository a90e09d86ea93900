"""Choose how many bits an output may take: about as many as its source."""

from __future__ import annotations

from lgtsm.video.encoding import Encoding
from lgtsm.video.probe import VideoInfo
from lgtsm.video.source_codec import bits, is_same_codec

# Bits that codecs need for the same quality, H.264 = 1: round numbers, for files that change their codec.
_NEED = {"mpeg1video": 3.0, "mpeg2video": 2.5, "h263": 2.0, "flv1": 2.0, "mpeg4": 1.5, "msmpeg4v3": 1.5, "wmv1": 1.5,
         "wmv2": 1.5, "wmv3": 1.3, "vc1": 1.3, "theora": 1.5, "vp8": 1.3, "h264": 1.0, "vp9": 0.7, "hevc": 0.7,
         "av1": 0.5, "vvc": 0.5}  # fmt: skip
_CODECS = {"libx264": "h264", "libx264rgb": "h264", "libx265": "hevc", "libvpx-vp9": "vp9", "libsvtav1": "av1",
           "libvpx": "vp8", "flv": "flv1"}  # fmt: skip
MORE = 1.2  # times the source's rate: a second encoding also has to store the first one's errors
_LONGEST_BUFFER = 2  # seconds of bits that may come at once; more would need decoders of a higher level
_SHORTEST_BUFFER = 0.3  # seconds; a key frame has to fit
_BUFFER_SHARE = 5  # of short clips, a part of their length


def target_rate(encoder: str, encoding: Encoding, like: VideoInfo | None) -> float | None:
    """Return the bits a second that the video track should take at most on average; None for constant quality.

    That is for sources of a lossless or studio codec that is not kept, for folders, and where `encoding` says crf,
    lossless or a pixel format.
    """
    chosen = encoding.crf is not None or encoding.lossless or encoding.pix_fmt is not None
    if chosen or like is None or like.bit_rate is None:
        return None
    if is_same_codec(encoder, like):
        return MORE * like.bit_rate
    before, after = _NEED.get(like.codec), _NEED.get(_CODECS.get(encoder, encoder))
    return None if before is None or after is None else MORE * like.bit_rate * max(1.0, after / before)


def rate_options(encoder: str, pix_fmt: str, rate: float, seconds: float) -> tuple[dict[str, str], float] | None:
    """Return FFmpeg's options for a rate, and the average to tell the encoder, 0 for quality with a limit.

    None for encoders that are lossless, or whose bits are fixed by the profile.

    Quality comes first at both ends: pictures better than the source shows take no bits, and `qmax` keeps a source of
    very few bits from falling apart when its errors are encoded again.

    Args:
        encoder, pix_fmt: FFmpeg's names.
        rate: of `target_rate`.
        seconds: length of the video.
    """
    if encoder in ("libx264", "libx264rgb", "libx265"):
        buffer = min(_LONGEST_BUFFER, seconds / _BUFFER_SHARE)
        # x264 counts from the finest step of its depth.
        qmax = 30 if encoder == "libx265" else 28 + 6 * (bits(pix_fmt) - 8)
        size = rate * max(buffer, _SHORTEST_BUFFER)
        return {"crf": "10", "maxrate": f"{rate:.0f}", "bufsize": f"{size:.0f}", "qmax": str(qmax)}, 0
    if encoder == "libvpx-vp9":
        return {"crf": "10", "qmax": "36"}, 1.2 * rate  # of which it takes less, and starts badly with little
    if encoder == "libsvtav1":
        return {"qmax": "45"}, 0.7 * rate  # of which it takes more
    if encoder == "libvpx":
        return {"crf": "4", "qmax": "40"}, rate
    if encoder in ("mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "wmv2", "flv"):
        return {"qmin": "1", "qmax": "8"}, rate
    return None
