"""The three looks: how painted buffers become video frames.

A `Look` is drawn from its own seed, apart from the physics, so one state can be shown in any look
with any palette. Illustration is lit and shaded; fluorescence is blurred by a Gaussian point spread
and carries shot and read noise; bright field shows absorption, refraction at edges, uneven lamp
light and camera noise.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .canvas import BRIGHT_FIELD, FLUORESCENCE, ILLUSTRATION, Material, Scene, paint
from .core import STYLES

_CODE = dict(zip(STYLES, (ILLUSTRATION, FLUORESCENCE, BRIGHT_FIELD), strict=True))


def _shifted(rgb: np.ndarray, hue: float, saturation: float, value: float) -> np.ndarray:
    h, s, v = colorsys.rgb_to_hsv(*np.clip(rgb, 0, 1))
    return np.array(
        colorsys.hsv_to_rgb((h + hue) % 1, min(1, s * saturation), min(1, v * value)), np.float32
    )


@dataclass
class Look:
    """One drawn appearance: style, palette and instrument, fixed for a clip.

    `psf_um` is the standard deviation of the point spread, about 0.21 wavelength / aperture
    (Zhang et al. 2007, Appl Opt 46:1819): 0.09 to 0.15 µm for objectives of aperture 1.2 to 0.7.
    `materials` (M, 15) are the painter's rows after the palette's shift; `noise` draws the camera
    noise of successive frames.
    """

    style: str
    materials: np.ndarray
    refraction: np.ndarray
    light: np.ndarray
    background: np.ndarray
    tilt: tuple[float, float]
    gain: float
    psf_um: float
    noise_level: float
    noise: np.random.Generator

    @classmethod
    def draw(
        cls, style: str, materials: dict[str, Material], background: str, rng: np.random.Generator
    ) -> Look:
        """Draw a look of `style` for a world's materials; `background` is its hex tissue colour."""
        rows = np.stack([material.row() for material in materials.values()])
        for row in rows:
            hue, saturation = rng.normal(0, 0.012), rng.uniform(0.85, 1.1)
            row[:3] = _shifted(row[:3], hue, saturation, rng.uniform(0.9, 1.08))
            row[7:10] = _shifted(row[7:10], rng.normal(0, 0.015), 1.0, 1.0)
        angle = rng.uniform(-2.6, -1.9)
        light = np.array([0.62 * np.cos(angle), 0.62 * np.sin(angle), 0.785])
        ground = Material(background).row()[:3]
        if style == "illustration":
            hue, saturation = rng.normal(0, 0.02), rng.uniform(0.8, 1.1)
            back = _shifted(ground, hue, saturation, rng.uniform(0.9, 1.08))
        elif style == "fluorescence":
            back = np.array([0.012, 0.016, 0.022]) * rng.uniform(0.5, 2.0)
        else:
            lamp = rng.uniform(0.76, 0.86)
            back = lamp * np.array([1.0, rng.uniform(0.97, 1.0), rng.uniform(0.92, 1.0)])
        return cls(
            style=style,
            materials=rows.astype(np.float32),
            refraction=np.array([m.refraction for m in materials.values()], np.float32),
            light=light / np.linalg.norm(light),
            background=back.astype(np.float32),
            tilt=(float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))),
            gain=float(rng.uniform(0.85, 1.1)),
            psf_um=float(rng.uniform(0.09, 0.15)),
            noise_level=float(rng.uniform(0.006, 0.016)),
            noise=np.random.default_rng(rng.integers(2**63)),
        )

    def empty(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Fresh buffers: colour (size, size, 3) and optical thickness (size, size), float32."""
        ramp = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
        slope = self.tilt[0] * ramp[None, :] + self.tilt[1] * ramp[:, None]
        if self.style == "illustration":
            lamp = 1.0 + 0.16 * slope - 0.22 * (ramp[None, :] ** 2 + ramp[:, None] ** 2) * 2
        elif self.style == "bright_field":
            lamp = 1.0 + 0.05 * slope
        else:
            lamp = np.ones((size, size), np.float32)
        color = (self.background[None, None, :] * lamp[..., None]).astype(np.float32)
        return color, np.zeros((size, size), np.float32)

    def paint(self, scene: Scene, color: np.ndarray, phase: np.ndarray) -> None:
        """Paint `scene` into the buffers in place."""
        paint(scene, self.materials, self.refraction, _CODE[self.style], self.light, color, phase)

    def develop(self, color: np.ndarray, phase: np.ndarray, um_per_px: float) -> np.ndarray:
        """Turn painted buffers into a uint8 frame (H, W, 3)."""
        if self.style == "fluorescence":
            blur = max(0.55, self.psf_um / um_per_px)
            color = gaussian_filter(color * self.gain, (blur, blur, 0), truncate=2.5)
            # Shot noise grows with the root of the signal; the camera adds a constant part.
            grain = self.noise.standard_normal(color.shape, dtype=np.float32)
            color = color + self.noise_level * grain * (0.35 + np.sqrt(np.clip(color, 0, 1)))
            color = color / (1 + 0.25 * np.clip(color, 0, None) ** 2)
        elif self.style == "bright_field":
            # Slightly defocused phase: light leaves thick places for their rim (a Laplacian).
            blur = max(0.6, 0.14 / um_per_px)
            near = gaussian_filter(phase, blur, truncate=2.5)
            far = gaussian_filter(phase, blur * 2.2, truncate=2.5)
            color = color * (1.0 + 0.9 * (far - near))[..., None]
            grain = self.noise.standard_normal(phase.shape, dtype=np.float32)
            color = color + 0.8 * self.noise_level * grain[..., None]
        return (np.clip(color, 0, 1) * 255 + 0.5).astype(np.uint8)
