"""Samples: clips of video with a hole drawn into them."""
