"""Builds the Hub data set microsim-10k: simulated clips, captions and ground truth."""
