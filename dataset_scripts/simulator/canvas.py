"""Anti-aliased drawing of shapes given in micrometres, at any resolution.

A `Scene` is a painter's list of shapes (ellipses, capsules, polygons, scalar fields). `paint`
turns it into the raw buffers of one look: painted colour (illustration), emitted light
(fluorescence) or transmission and optical thickness (bright field). Each shape is a signed
distance, so its edge is one pixel soft at every size, and a dome over that distance gives it depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit

ELLIPSE, CAPSULE, POLYGON, FIELD = range(4)
MAX_SMOOTH_CORNERS = 64  # polygons with more (vessel walls) are long bands without creases
ILLUSTRATION, FLUORESCENCE, BRIGHT_FIELD = range(3)


def _rgb(color: str) -> tuple[float, float, float]:
    value = int(color.lstrip("#"), 16)
    return ((value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255)


@dataclass(frozen=True)
class Material:
    """How a substance appears in each of the three looks.

    Illustration: `color` (hex), `opacity` of its body and `edge` opacity of its rim (0 to 1),
    `gloss` (highlight, 0 to 1), `shadow` (darkness of the shadow it drops, 0 to 1).
    Fluorescence: `emission` (hex colour of its label), `glow` (brightness of the body, 0 none) and
    `rim_glow` (brightness of the membrane).
    Bright field: `absorb` (hex colour of the light it lets through, white absorbs nothing) and
    `refraction` (strength of its bright and dark outline, 0 none; negative inverts it).
    """

    color: str
    opacity: float = 1.0
    edge: float = 1.0
    gloss: float = 0.3
    shadow: float = 0.0
    emission: str = "#ffffff"
    glow: float = 0.0
    rim_glow: float = 0.0
    absorb: str = "#ffffff"
    refraction: float = 0.5

    def row(self) -> np.ndarray:
        """The material as the float32 row (15,) that the painter reads."""
        passed = np.clip(np.array(_rgb(self.absorb)), 0.02, 1.0)
        return np.array(
            [
                *_rgb(self.color), self.opacity, self.edge, self.gloss, self.shadow,
                *_rgb(self.emission), self.glow, self.rim_glow,
                *(-np.log(passed)),
            ],
            dtype=np.float32,
        )  # fmt: skip


class Scene:
    """Shapes in painter's order over a square field of `field_um` µm.

    Common keyword arguments: `fade` multiplies opacity, glow and absorption (0 to 1); `soft`
    widens the edge by so many µm (out of focus); `bevel` is the depth in µm over which a polygon's
    dome rises; `dimple` (0 to 1) turns an ellipse's dome into a red cell's biconcave one.
    """

    def __init__(self, field_um: float, materials: dict[str, Material]) -> None:
        self.field_um = field_um
        self._index = {name: i for i, name in enumerate(materials)}
        self._rows: list[tuple[float, ...]] = []
        self._points: list[np.ndarray] = []
        self._n_points = 0
        self._fields: list[np.ndarray] = []
        self._n_values = 0

    def disc(self, x: float, y: float, r: float, material: str, **options: float) -> None:
        """A disc (drawn as a ball) of radius `r` µm."""
        self.ellipse(x, y, r, r, 0.0, material, **options)

    def ellipse(
        self, x: float, y: float, a: float, b: float, angle: float, material: str,
        *, fade: float = 1.0, soft: float = 0.0, dimple: float = 0.0,
    ) -> None:  # fmt: skip
        """An ellipse with semi-axes `a`, `b` µm, its first axis at `angle` rad from +x."""
        self._add(ELLIPSE, (x, y, a, b, angle, 0.0), material, fade, soft, 0.0, dimple)

    def capsule(
        self, x0: float, y0: float, x1: float, y1: float, r: float, material: str,
        *, fade: float = 1.0, soft: float = 0.0,
    ) -> None:  # fmt: skip
        """A round-ended rod of radius `r` µm."""
        self._add(CAPSULE, (x0, y0, x1, y1, r, 0.0), material, fade, soft, 0.0, 0.0)

    def polyline(self, points: np.ndarray, r: float, material: str, **options: float) -> None:
        """Rods of radius `r` µm through `points` (K, 2)."""
        for (x0, y0), (x1, y1) in pairwise(points):
            self.capsule(x0, y0, x1, y1, r, material, **options)

    def polygon(
        self, points: np.ndarray, material: str,
        *, bevel: float = 2.0, fade: float = 1.0, soft: float = 0.0,
    ) -> None:  # fmt: skip
        """A closed outline `points` (K, 2) in µm, filled; either orientation."""
        start = self._keep_points(points)
        self._add(POLYGON, (start, len(points), 0, 0, 0, 0), material, fade, soft, bevel, 0.0)

    def field(
        self, values: np.ndarray, material: str,
        *, outline: np.ndarray | None = None, fade: float = 1.0,
    ) -> None:  # fmt: skip
        """A smooth map `values` (h, w), 0 to 1, over the whole field, cut out by `outline`.

        Values are samples at cell centres, interpolated bilinearly; they set the opacity.
        """
        values = np.ascontiguousarray(values, dtype=np.float32)
        start = self._n_values
        self._fields.append(values.ravel())
        self._n_values += values.size
        points = (-1.0, 0.0) if outline is None else (self._keep_points(outline), len(outline))
        self._add(FIELD, (start, *values.shape, *points, 0), material, fade, 0.0, 0.0, 0.0)

    def _keep_points(self, points: np.ndarray) -> int:
        start = self._n_points
        self._points.append(np.asarray(points, dtype=np.float32))
        self._n_points += len(points)
        return start

    def _add(
        self, kind: int, numbers: tuple[float, ...], material: str,
        fade: float, soft: float, bevel: float, dimple: float,
    ) -> None:  # fmt: skip
        self._rows.append((kind, self._index[material], *numbers, fade, soft, bevel, dimple))

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shapes (N, 12) float64, polygon points (P, 2) float32 and field values (V,) float32."""
        shapes = np.array(self._rows, dtype=np.float64).reshape(len(self._rows), 12)
        points = np.concatenate(self._points) if self._points else np.zeros((1, 2), np.float32)
        values = np.concatenate(self._fields) if self._fields else np.zeros(1, np.float32)
        return shapes, points, values


def paint(
    scene: Scene,
    materials: np.ndarray,
    refraction: np.ndarray,
    look: int,
    light: np.ndarray,
    color: np.ndarray,
    phase: np.ndarray,
) -> None:
    """Paint `scene` into `color` (H, W, 3) and `phase` (H, W), float32, in place.

    `materials` (M, 15) and `refraction` (M,) are rows in the order of the scene's material table;
    `light` is the unit vector (3,) towards the lamp. Illustration paints over `color`;
    fluorescence adds to it; bright field multiplies it and adds optical thickness to `phase`.
    """
    shapes, points, values = scene.arrays()
    if len(shapes):
        um_per_px = scene.field_um / color.shape[0]
        _paint(shapes, points, values, materials, refraction, look, light, um_per_px, color, phase)


@njit(cache=True, fastmath=True)
def _polygon_distance(points, start, count, x, y):  # type: ignore[no-untyped-def]
    """Signed distance to a polygon (negative inside) and the outward direction at its rim."""
    best = 1e30
    bx = 0.0
    by = 0.0
    inside = False
    j = start + count - 1
    for i in range(start, start + count):
        xi, yi = points[i, 0], points[i, 1]
        xj, yj = points[j, 0], points[j, 1]
        ex, ey = xj - xi, yj - yi
        wx, wy = x - xi, y - yi
        length2 = ex * ex + ey * ey
        t = 0.0
        if length2 > 0.0:
            t = min(1.0, max(0.0, (wx * ex + wy * ey) / length2))
        dx, dy = wx - ex * t, wy - ey * t
        d2 = dx * dx + dy * dy
        if d2 < best:
            best = d2
            bx, by = dx, dy
        if (yi > y) != (yj > y) and x < ex * (y - yi) / (yj - yi) + xi:
            inside = not inside
        j = i
    distance = math.sqrt(best)
    norm = max(distance, 1e-9)
    if inside:
        return -distance, -bx / norm, -by / norm
    return distance, bx / norm, by / norm


@njit(cache=True, fastmath=True)
def _polygon_dome(points, start, count, x, y, bevel):  # type: ignore[no-untyped-def]
    """Position on the dome (0 centre, 1 rim) and outward slope at a point inside a polygon.

    The nearest edge alone would give the dome a crease wherever another edge becomes the nearest.
    Here every edge counts by the integral of 1 / r⁴ along it. For one long straight edge at
    distance h that integral is π / (2 h³), which is solved for the depth of the point.
    """
    total = 0.0
    gx = 0.0
    gy = 0.0
    j = start + count - 1
    for i in range(start, start + count):
        xj, yj = points[j, 0], points[j, 1]
        ex, ey = points[i, 0] - xj, points[i, 1] - yj
        length = math.sqrt(ex * ex + ey * ey)
        j = i
        if length < 1e-9:
            continue
        ex, ey = ex / length, ey / length
        wx, wy = x - xj, y - yj
        along = wx * ex + wy * ey
        h = max(abs(wx * ey - wy * ex), 1e-3)
        a, b = -along, length - along
        part = (b / (h * h + b * b) - a / (h * h + a * a)) / (2 * h * h)
        part += (math.atan(b / h) - math.atan(a / h)) / (2 * h * h * h)
        near = min(max(along, 0.0), length)
        dx, dy = xj + ex * near - x, yj + ey * near - y
        norm = max(math.sqrt(dx * dx + dy * dy), 1e-6)
        total += part
        gx += part * dx / norm
        gy += part * dy / norm
    depth = (0.5 * math.pi / total) ** (1.0 / 3.0)
    return min(1.0, max(0.0, 1.0 - depth / bevel)), gx / total, gy / total


@njit(cache=True, fastmath=True)
def _distance(shape, points, x, y):  # type: ignore[no-untyped-def]
    """Signed distance (µm), position on the dome (0 centre, 1 rim) and outward direction."""
    kind = int(shape[0])
    if kind == ELLIPSE:
        c, s = math.cos(shape[6]), math.sin(shape[6])
        dx, dy = x - shape[2], y - shape[3]
        px, py = c * dx + s * dy, -s * dx + c * dy
        a, b = shape[4], shape[5]
        k0 = math.sqrt((px / a) ** 2 + (py / b) ** 2)
        gx, gy = px / (a * a), py / (b * b)
        k1 = math.sqrt(gx * gx + gy * gy)
        if k1 < 1e-9:
            return -min(a, b), 0.0, 0.0, 0.0
        gx, gy = gx / k1, gy / k1
        return k0 * (k0 - 1.0) / k1, min(k0, 1.0), c * gx - s * gy, s * gx + c * gy
    if kind == CAPSULE:
        x0, y0, r = shape[2], shape[3], shape[6]
        ex, ey = shape[4] - x0, shape[5] - y0
        wx, wy = x - x0, y - y0
        t = min(1.0, max(0.0, (wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-12)))
        dx, dy = wx - ex * t, wy - ey * t
        distance = math.sqrt(dx * dx + dy * dy)
        norm = max(distance, 1e-9)
        return distance - r, min(distance / r, 1.0), dx / norm, dy / norm
    start, count = int(shape[2]), int(shape[3])
    d, gx, gy = _polygon_distance(points, start, count, x, y)
    if d < 0.0 and count <= MAX_SMOOTH_CORNERS:
        u, gx, gy = _polygon_dome(points, start, count, x, y, shape[10])
        return d, u, gx, gy
    return d, min(1.0, max(0.0, 1.0 + d / shape[10])), gx, gy


@njit(cache=True, fastmath=True)
def _box(shape, points, reach, um_per_px, n):  # type: ignore[no-untyped-def]
    """Pixel rows and columns that a shape can touch, with `reach` µm to spare."""
    kind = int(shape[0])
    if kind == ELLIPSE:
        r = max(shape[4], shape[5])
        x0, x1, y0, y1 = shape[2] - r, shape[2] + r, shape[3] - r, shape[3] + r
    elif kind == CAPSULE:
        r = shape[6]
        x0, x1 = min(shape[2], shape[4]) - r, max(shape[2], shape[4]) + r
        y0, y1 = min(shape[3], shape[5]) - r, max(shape[3], shape[5]) + r
    elif kind == POLYGON:
        x0 = y0 = 1e30
        x1 = y1 = -1e30
        for i in range(int(shape[2]), int(shape[2]) + int(shape[3])):
            x0, x1 = min(x0, points[i, 0]), max(x1, points[i, 0])
            y0, y1 = min(y0, points[i, 1]), max(y1, points[i, 1])
    else:
        return 0, n, 0, n
    lo_x = max(0, int((x0 - reach) / um_per_px) - 1)
    hi_x = min(n, int((x1 + reach) / um_per_px) + 2)
    lo_y = max(0, int((y0 - reach) / um_per_px) - 1)
    hi_y = min(n, int((y1 + reach) / um_per_px) + 2)
    return lo_y, hi_y, lo_x, hi_x


@njit(cache=True, fastmath=True)
def _sample(values, start, h, w, u, v):  # type: ignore[no-untyped-def]
    """Bilinear sample of a (h, w) map at fractions u (right), v (down) of the field."""
    fx = min(max(u * w - 0.5, 0.0), w - 1.0)
    fy = min(max(v * h - 0.5, 0.0), h - 1.0)
    ix, iy = min(int(fx), w - 2), min(int(fy), h - 2)
    tx, ty = fx - ix, fy - iy
    top = values[start + iy * w + ix] * (1 - tx) + values[start + iy * w + ix + 1] * tx
    low = values[start + (iy + 1) * w + ix] * (1 - tx) + values[start + (iy + 1) * w + ix + 1] * tx
    return top * (1 - ty) + low * ty


@njit(cache=True, fastmath=True)
def _paint(shapes, points, values, materials, refraction, look, light, um_per_px, color, phase):  # type: ignore[no-untyped-def]
    n = color.shape[0]
    half = np.array([light[0], light[1], light[2] + 1.0])
    half /= math.sqrt(half[0] ** 2 + half[1] ** 2 + half[2] ** 2)
    for k in range(shapes.shape[0]):
        shape = shapes[k]
        kind = int(shape[0])
        m = int(shape[1])
        mat = materials[m]
        fade, soft, dimple = shape[8], shape[9], shape[11]
        width = um_per_px + 2.0 * soft
        rim_um = max(0.3, 1.2 * um_per_px)
        shadow = mat[6] * fade if look == ILLUSTRATION and kind != FIELD else 0.0
        offset = 0.0
        if shadow > 0.0:
            offset = 1.6 * um_per_px + 0.6
            lo_y, hi_y, lo_x, hi_x = _box(shape, points, 4 * offset, um_per_px, n)
            for iy in range(lo_y, hi_y):
                for ix in range(lo_x, hi_x):
                    x = (ix + 0.5) * um_per_px + light[0] * offset * 1.5
                    y = (iy + 0.5) * um_per_px + light[1] * offset * 1.5
                    d, u, gx, gy = _distance(shape, points, x, y)
                    dark = shadow * min(1.0, max(0.0, 0.5 - d / (2.5 * offset)))
                    if dark > 0.0:
                        for c in range(3):
                            color[iy, ix, c] *= 1.0 - dark
        lo_y, hi_y, lo_x, hi_x = _box(shape, points, width + rim_um, um_per_px, n)
        for iy in range(lo_y, hi_y):
            for ix in range(lo_x, hi_x):
                x = (ix + 0.5) * um_per_px
                y = (iy + 0.5) * um_per_px
                if kind == FIELD:
                    value = _sample(
                        values,
                        int(shape[2]),
                        int(shape[3]),
                        int(shape[4]),
                        (ix + 0.5) / n,
                        (iy + 0.5) / n,
                    )
                    cover = 1.0
                    if shape[5] >= 0.0:
                        d, gx, gy = _polygon_distance(points, int(shape[5]), int(shape[6]), x, y)
                        cover = min(1.0, max(0.0, 0.5 - d / um_per_px))
                    amount = value * cover * fade
                    if amount <= 0.0:
                        continue
                    if look == ILLUSTRATION:
                        alpha = min(1.0, amount * mat[3])
                        for c in range(3):
                            color[iy, ix, c] += alpha * (mat[c] - color[iy, ix, c])
                    elif look == FLUORESCENCE:
                        for c in range(3):
                            color[iy, ix, c] += mat[7 + c] * mat[10] * amount
                    else:
                        for c in range(3):
                            color[iy, ix, c] *= math.exp(-mat[12 + c] * amount)
                        phase[iy, ix] += refraction[m] * amount
                    continue
                d, u, gx, gy = _distance(shape, points, x, y)
                cover = min(1.0, max(0.0, 0.5 - d / width))
                if cover <= 0.0:
                    continue
                dome = math.sqrt(max(0.0, 1.0 - u * u))
                if dimple > 0.0:
                    # Red-cell profile of Evans & Fung 1972, scaled to a peak of about one.
                    cell = dome * (0.27 + 2.61 * u * u - 1.46 * u**4)
                    dome += dimple * (cell - dome)
                rim = math.exp(-(((d + 0.5 * rim_um) / rim_um) ** 2))
                if look == ILLUSTRATION:
                    slope = u
                    if dimple > 0.0:
                        slope = u * (1.0 - dimple)
                        if u > 0.6:
                            slope += dimple * (u - 0.6) / 0.4
                        else:
                            slope -= 0.7 * dimple * math.sin(math.pi * u / 0.6)
                    nz = math.sqrt(max(0.0, 1.0 - slope * slope * (gx * gx + gy * gy)))
                    facing = slope * (gx * light[0] + gy * light[1]) + nz * light[2]
                    shade = 0.50 + 0.50 * max(0.0, facing) / light[2]
                    shade = min(1.3, shade) * (1.0 - 0.30 * u**6)
                    mirror = slope * (gx * half[0] + gy * half[1]) + nz * half[2]
                    flare = mat[5] * max(0.0, mirror) ** 24 if abs(slope) > 0.02 else 0.0
                    alpha = cover * fade * (mat[3] + (mat[4] - mat[3]) * rim)
                    for c in range(3):
                        lit = min(1.0, mat[c] * shade + flare)
                        color[iy, ix, c] += alpha * (lit - color[iy, ix, c])
                elif look == FLUORESCENCE:
                    glow = cover * fade * (mat[10] * (0.35 + 0.65 * dome) + mat[11] * rim)
                    for c in range(3):
                        color[iy, ix, c] += mat[7 + c] * glow
                else:
                    thick = cover * fade * (0.3 + 0.7 * dome)
                    for c in range(3):
                        color[iy, ix, c] *= math.exp(-mat[12 + c] * thick)
                    phase[iy, ix] += refraction[m] * cover * fade * (0.15 + 0.85 * dome)
