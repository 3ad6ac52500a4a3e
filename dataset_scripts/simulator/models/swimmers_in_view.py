"""Where swimming bacteria start, so that a clip tells its whole story; the motion is that of
`swimming_rods`.

Each cell has several candidate walks, all sampled from the model; a clip takes those in which cells
keep apart (the film is so thin that they would collide), or, of a single cell, one that passes the
middle of the field.
"""

from __future__ import annotations

import numpy as np

from .swimming_rods import (
    Rod,
    Tumbles,
    Walk,
    random_tumbles,
    running,
    swim,
    swim_by_wall,
    swivel,
    tumble_angle,
)


def _wobble(noise: float, run: np.ndarray, dt: float, rng: np.random.Generator) -> np.ndarray:
    """Heading (K + 1, N) due to rotational diffusion in the runs `run` (K, N), 0 at first."""
    kicks = rng.standard_normal(run.shape) * np.sqrt(2 * noise * dt * run)
    return np.concatenate([np.zeros((1, run.shape[1])), np.cumsum(kicks, axis=0)])


def crossing(
    field: float, speed: float, tumble_s: float, noise: float, times_s: np.ndarray,
    rng: np.random.Generator,
) -> Walk:  # fmt: skip
    """One cell that comes from the left, tumbles once in the middle and leaves for the top.

    Of 32 such walks the one that best passes the middle and ends below the top is taken.
    """
    tries, dt = 32, float(times_s[1])
    heading = np.radians(rng.uniform(-8, 8, tries))
    turn = -tumble_angle(rng.uniform(0, 1, tries), np.radians(68), np.radians(100))
    run_um = rng.uniform(0.335, 0.352, tries) * field
    start = np.stack([np.full(tries, 0.12 * field), 0.57 * field - run_um * np.sin(heading)], 1)
    length = np.full(tries, tumble_s * rng.uniform(0.95, 1.35))
    tumbles = Tumbles((run_um / speed)[None], length[None], turn[None])
    run = running(tumbles, times_s)
    theta = heading + swivel(tumbles, times_s) + _wobble(noise, run, dt, rng)
    xy = swim(start, theta, np.full(tries, speed), run, dt)
    at = np.abs(times_s[:, None] - tumbles.start_s).argmin(axis=0)
    middle = xy[at, np.arange(tries)] / field
    miss = np.hypot(*(middle - (0.47, 0.57)).T) + np.abs(xy[-1, :, 0] / field - 0.5)
    miss += np.maximum(0, xy[-1, :, 1] / field - 0.08)
    best = np.array([int(np.argmin(miss))])
    return Walk(
        dt, xy[:, best], theta[:, best], np.array([speed]), tumbles.take(best),
        np.zeros((len(xy), 1), bool),
    )  # fmt: skip


def around(
    n: int, field: float, band: float, floor: float, rng: np.random.Generator, tries: int
) -> np.ndarray:
    """Places (N, tries, 2) at the density of `n` in the field: first those in view, then those in
    a band around it (above `floor`), from where cells come into view."""
    edge = 0.03 * field
    inside = rng.uniform((edge, edge), (field - edge, floor - edge), (n, tries, 2))
    low = floor if floor < field else field + band
    more = round(n * ((field + 2 * band) * (low + band) / (field * floor) - 1))
    outside = np.empty((0, 2))
    while len(outside) < more * tries:
        spots = rng.uniform((-band, -band), (field + band, low), (4 * more * tries, 2))
        seen = (spots[:, 0] > -edge) & (spots[:, 0] < field + edge) & (spots[:, 1] > -edge)
        seen &= spots[:, 1] < floor + edge
        if floor < field:
            seen |= spots[:, 1] > floor - edge
        outside = np.concatenate([outside, spots[~seen]])
    return np.concatenate([inside, outside[: more * tries].reshape(more, tries, 2)])


def _speeds(mean: float, n: int, total: int, rng: np.random.Generator) -> np.ndarray:
    """Speeds (total,) within 15 % of `mean`, which the first `n` have on average."""
    factor = rng.uniform(0.87, 1.13, total)
    return mean * factor / factor[:n].mean()


def swimmers(
    field: float, n: int, apart: float, speed: float, means_s: tuple[float, float], noise: float,
    times_s: np.ndarray, rng: np.random.Generator,
) -> Walk:  # fmt: skip
    """`n` cells in view, and those that may come in, which run and tumble independently.

    `means_s` are the mean times of runs and of tumbles.
    """
    tries, dt = 8, float(times_s[1])
    start = around(n, field, 1.1 * speed * times_s[-1], field, rng, tries)
    total = len(start)
    tumbles = random_tumbles(total * tries, *means_s, rng)
    run = running(tumbles, times_s)
    theta = rng.uniform(-np.pi, np.pi, total * tries)
    theta = theta + swivel(tumbles, times_s) + _wobble(noise, run, dt, rng)
    speeds = _speeds(speed, n, total, rng)
    xy = swim(start.reshape(-1, 2), theta, np.repeat(speeds, tries), run, dt)
    return _chosen(xy, theta, speeds, tumbles, np.zeros(theta.shape, bool), dt, tries, apart)


def wall_swimmers(
    field: float, floor: float, n: int, apart: float, speed: float, rod: Rod, noise: float,
    times_s: np.ndarray, rng: np.random.Generator,
) -> Walk:  # fmt: skip
    """Smooth swimmers above a wall at y = `floor`; half of those in view, two to five, come to it.

    A single one comes from the left.
    """
    tries, dt = 8, float(times_s[1])
    start = around(n, field, 1.1 * speed * times_s[-1], floor, rng, tries)
    total = len(start)
    speeds = _speeds(speed, n, total, rng)
    if n == 1:
        start, speeds = start[:1], speeds[:1]
        total = 1
    start[..., 1] = floor - start[..., 1]
    phi = rng.uniform(-0.6, 0.6, (total, tries)) + np.pi * rng.integers(0, 2, (total, tries))
    coming = 1 if n == 1 else min(5, max(2, round(0.5 * n)))
    # When, and how steeply, each of them meets the wall; the first one early in the clip.
    when = times_s[-1] * np.linspace(0.27, 0.7, coming)[:, None]
    when = when * rng.uniform(0.88, 1.05, (coming, tries))
    steep = np.radians(rng.uniform(26, 42, (coming, tries)))
    # Spread along the wall, so that they do not meet there.
    x = start[:coming, :, 0]
    x[:] = field * (rng.permutation(coming)[:, None] + rng.uniform(0.1, 0.9, x.shape)) / coming
    side = np.where(
        x < 0.35 * field, 1, np.where(x > 0.65 * field, -1, rng.choice([-1, 1], x.shape))
    )
    if n == 1:
        x[:], side = rod.half + 0.02 * field, np.ones_like(side)
    start[:coming, :, 1] = rod.lowest(steep) + speeds[:coming, None] * np.sin(steep) * when
    phi[:coming] = np.where(side > 0, -steep, steep - np.pi)
    kicks = rng.standard_normal((len(times_s) - 1, total * tries))
    places, turns, touches = swim_by_wall(
        start.reshape(-1, 2), phi.ravel(), np.repeat(speeds, tries), kicks, dt, rod, noise
    )
    places[..., 1] = floor - places[..., 1]
    return _chosen(places, -turns, speeds, None, touches, dt, tries, apart)


def _chosen(
    xy: np.ndarray, theta: np.ndarray, speeds: np.ndarray, tumbles: Tumbles | None,
    touches: np.ndarray, dt: float, tries: int, apart: float,
) -> Walk:  # fmt: skip
    """The walk of the candidates, `tries` for each cell, that keep `apart` µm from each other."""
    every = max(1, len(xy) // 24)
    paths = xy[::every].reshape(-1, len(speeds), tries, 2)
    best = np.arange(len(speeds)) * tries + spread_out(paths, apart)
    taken = None if tumbles is None else tumbles.take(best)
    return Walk(dt, xy[:, best], theta[:, best], speeds, taken, touches[:, best])


def spread_out(paths: np.ndarray, enough: float) -> np.ndarray:
    """Which candidate (N,) each cell takes so that cells keep apart, of `paths` (T, N, C, 2).

    Cells choose one after the other: the first candidate that stays `enough` µm away from all
    those before, or else the one that stays farthest.
    """
    _, n, _, _ = paths.shape
    taken = np.zeros(n, int)
    chosen = paths[:, :1, 0]
    for i in range(1, n):
        away = paths[:, i, :, None] - chosen[:, None]
        gap = np.sqrt(np.min(np.sum(away**2, axis=3), axis=(0, 2)))
        taken[i] = int(np.argmax(np.minimum(gap, enough)))
        chosen = np.concatenate([chosen, paths[:, i : i + 1, taken[i]]], axis=1)
    return taken


def surroundings(field: float, floor: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What rests, as rows of x, y and radius in µm: specks fixed in the film, blurred ones below
    it, and pits of the wall beneath `floor`, a share of the field."""
    u = field / 60

    def spots(n: int, top: float, bottom: float, small: float, large: float) -> np.ndarray:
        y = rng.uniform(top, bottom, n)
        return np.stack(
            [rng.uniform(0, 1, n) * field, y * field, rng.uniform(small, large, n) * u], 1
        )

    return {
        "murk": spots(8, 0, floor, 3.0, 8.0),
        "specks": spots(26, 0, floor, 0.25, 0.62),
        "pits": spots(24, floor + 0.035, floor + 0.3, 0.4, 1.5),
    }


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (K, 2) turned by `angle` rad about the origin."""
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s], [-s, c]])


def filaments(length: float, width: float, splay: float, phase: float) -> list[np.ndarray]:
    """Flagella (10, 2) of a body of `length` and `width` µm, x pointing away from its rear.

    One bundle in a run (`splay` 0); in a tumble (up to 1) four filaments that fan out. The helix is
    seen from the side, as a wave of 2.2 turns.
    """
    along = np.linspace(0, 1, 10)
    base = 0.5 * length - 0.35 * width
    lines = []
    for k, fan in enumerate((0.0,) if splay == 0 else (-1.0, -0.35, 0.35, 1.0)):
        wave = np.sin(2 * np.pi * 2.2 * along - phase - 1.3 * k * splay)
        x = along * 1.75 * length * (1 - 0.2 * splay)
        y = 0.34 * width * np.minimum(1.0, 3 * along) * wave + 0.5 * fan * splay * length * along**2
        lines.append(np.array([base, 0.0]) + turned(np.stack([x, y], 1), 1.1 * fan * splay))
    return lines
