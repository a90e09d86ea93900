"""Clips of video with holes, for training and evaluation."""
