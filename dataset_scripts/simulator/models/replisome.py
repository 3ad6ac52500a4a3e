"""Replication forks: how far they have come, what lies copied behind them, and where they meet.

A replicative helicase opens the parental duplex in steps that come at random (a Poisson process).
Two polymerases copy behind it, both from 5' to 3' (Alberts et al. 2014, Molecular Biology of the
Cell, 6th ed., ch. 5): on one arm one unbroken strand follows the fork, on the other primers are
laid near the fork one after another, and each Okazaki fragment lengthens away from the fork until
it reaches the one made before and is joined to it.

Lengths are contour lengths in µm along the duplex, at 0.34 nm for each base pair (B-DNA); all
that is copied follows from the places of the forks. Forks come in pairs (left, right) that bound
a bubble; a single fork has its partner far outside of the field.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UM_PER_NT = 0.34e-3
FAR = -1e4
"""Place (µm) of the partner of a single fork: far out of view."""

_FILLED = 0.87
"""A fragment is complete when this share of the next one's template is open. Modelling choice: both
polymerases belong to one replisome and keep pace, and the lagging one needs time to be loaded."""
_SEALED = 0.25  # share of a further fragment by which the primer is gone and the nick is sealed
_SPREAD = 0.12  # standard deviation of fragment lengths over their mean; modelling choice


def advance(
    speed: float, step: float, s_per_frame: float, num_frames: int, rng: np.random.Generator
) -> np.ndarray:
    """How far (T,) a helicase of mean `speed` (µm/s) has come, in Poisson steps of `step` µm.

    Mean speed × t, variance speed × step × t. `step` lumps single base pairs with the pauses that
    make real forks uneven.
    """
    steps = rng.poisson(speed * s_per_frame / step, num_frames - 1)
    return np.concatenate([[0.0], steps.cumsum() * step])


def primer_sites(
    mean_um: float, start: float, reach: float, rng: np.random.Generator
) -> np.ndarray:
    """Places of primers from well before `start` to beyond `reach`, µm, increasing.

    Their spacings are normal around `mean_um`, cut at twice their standard deviation.
    """
    count = int((reach - start) / mean_um) + 9
    spacing = mean_um * (1 + _SPREAD * np.clip(rng.standard_normal(count), -2, 2))
    first = start - 4 * mean_um - rng.uniform(0, mean_um)
    return np.asarray(first + np.concatenate([[0.0], spacing.cumsum()]))


@dataclass(frozen=True)
class Lagging:
    """The lagging arm when the fork is at one place; µm.

    `new` are stretches (begin, end) of new strand, the last one ending at the newest primer;
    `tip` is the growing 3' end (the newest primer once its fragment is complete), `primers` are
    those not yet replaced, `single` is the length of template that is bare.
    """

    new: list[tuple[float, float]]
    tip: float
    primers: list[float]
    single: float
    complete: bool


def lagging(fork: float, sites: np.ndarray) -> Lagging:
    """What has been made behind a fork at `fork` of the fragments that begin at `sites`."""
    j = int(np.searchsorted(sites, fork, "right")) - 1
    own, following = sites[j] - sites[j - 1], sites[j + 1] - sites[j]
    share = min(1.0, (fork - sites[j]) / (_FILLED * following))
    tip = float(sites[j] - share * own)
    primers = [float(sites[j])]
    if (fork - sites[j]) / following < _FILLED + 1e-9 or share < 1:
        primers.append(float(sites[j - 1]))
    # The primer before that is replaced, and the nick sealed, soon after it has been reached.
    if fork - sites[j] < _SEALED * following:
        primers.append(float(sites[j - 2]))
    new = [(FAR, float(sites[j - 1])), (tip, float(sites[j]))]
    single = fork - float(sites[j]) + (1 - share) * float(own)
    return Lagging(new, tip, primers, single, share >= 1)


def unbroken(fork: float, sites: np.ndarray) -> Lagging:
    """The same arm if its strand grew towards the fork instead, with as much of it bare and with
    primers at the same places."""
    true = lagging(fork, sites)
    end = fork - true.single
    return Lagging([(FAR, end)], end, true.primers, true.single, true.complete)


def priming_places(sites: np.ndarray, path: np.ndarray) -> np.ndarray:
    """The sites (N,) that a fork on `path` (T,) passes."""
    return sites[(sites > path[0]) & (sites <= path[-1])]


def meet(raw: np.ndarray, length: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Places of forks (T, K) and what they have overshot since they met (T, M), from free paths.

    `raw` (T, K) holds (left, right) of each bubble in order. Neighbouring bubbles meet and become
    one; on a ring of `length` µm the last fork meets the first. From then on both rest where they
    met; the overshoot, in µm and 0 before, tells for how long.
    """
    forks, count = raw.copy(), raw.shape[1] // 2
    pairs = [(2 * k + 1, 2 * k + 2, 0.0) for k in range(count - 1)]
    if length is not None:
        pairs.append((raw.shape[1] - 1, 0, length))
    past = np.zeros((len(raw), len(pairs)))
    for number, (ahead, behind, turn) in enumerate(pairs):
        overshot = 0.5 * (raw[:, ahead] - raw[:, behind] - turn)
        done = overshot >= 0
        if done.any():
            first = int(done.argmax())
            place = 0.5 * (raw[first, ahead] + raw[first, behind] + turn)
            forks[first:, ahead], forks[first:, behind] = place, place - turn
            past[first:, number] = np.maximum(overshot[first:], 1e-9)
    return forks, past


def opened(forks: np.ndarray, past: np.ndarray) -> np.ndarray:
    """Length (T,) of duplex that is opened, which is that between the forks of each bubble, µm."""
    return np.asarray((forks[:, 1::2] - forks[:, ::2]).sum(axis=1))
