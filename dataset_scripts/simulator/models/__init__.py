"""Equations of the micro-worlds: motion, growth and shape, without drawing or words."""
