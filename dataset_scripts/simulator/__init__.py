"""Micro-world physics → pixels, captions and ground truth."""

from .canvas import Material, Scene
from .clip import Clip, simulate_clip, simulate_state
from .core import FPS, LEVELS, STYLES, SimulatorError
from .phenomena import NAMES as PHENOMENA

__all__ = [
    "FPS",
    "LEVELS",
    "PHENOMENA",
    "STYLES",
    "Clip",
    "Material",
    "Scene",
    "SimulatorError",
    "simulate_clip",
    "simulate_state",
]
