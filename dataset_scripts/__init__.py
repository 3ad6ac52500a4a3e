"""Builders of the project's data sets, and the simulator that they share."""
