"""Metrics that go to the Hub, one flat folder each."""
