"""Law-breaking twins of gas exchange along an alveolus.

The blood moves as it would have; only the colour of its cells breaks a law, and over a few frames,
so that nothing jumps. Any one frame shows a file of purple and red cells as true clips do, but for
the direction in which it moves, the place of the air, or what came before.

- `loses_oxygen`: cells come in bright red and turn purple along the air, as in tissue. Oxygen
  diffuses down its pressure gradient, from air at 104 mmHg into venous blood at 40 (Hall 2016,
  Guyton and Hall Textbook of Medical Physiology, 13th ed., ch. 41).
- `before_contact`: cells are bright red before they have reached the air. The wall of an alveolus
  is the only place where blood meets air (Boron & Boulpaep 2017, Medical Physiology, 3rd ed.,
  ch. 30).
- `keeps_colour`: there is no exchange, each cell keeps the colour that it has and carries it along
  the air. At rest blood is in equilibrium within a third of its contact time (West & Luks 2016,
  West's Respiratory Physiology, 10th ed., ch. 3). Needs rest, or no red cell would be left.
- `flips_back`: cells that have turned red beside the air go back to purple there, and red again.
  Nothing along the air takes oxygen up from blood.
- `wrong_alveolus`: of two streams the one below fluid turns red and the one below air stays purple.
  An alveolus without air gives no oxygen (West & Luks 2016, ch. 5). Needs two alveoli.
"""

from __future__ import annotations

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..phenomena import alveolar_gas_exchange as world

VIOLATIONS = (
    Violation("loses_oxygen", "Blood gains oxygen beside the air and never loses it there."),
    Violation("before_contact", "Blood is dark until it reaches the air."),
    Violation("keeps_colour", "Blood that passes the air turns from purple to red."),
    Violation("flips_back", "A cell that has turned red stays red beside the air."),
    Violation("wrong_alveolus", "Only the blood below the aerated alveolus turns red."),
)

_LATEST = 0.3  # onset, as a share of the clip, so that most of it shows the broken law
_LEAST_FRAMES = 8
_PASSING = 0.2  # share of the clip in which colours go over to what the broken law gives


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; see the package for the contract."""
    if clock.num_frames < _LEAST_FRAMES:
        raise NoTwin(f"{name}: at least {_LEAST_FRAMES} frames are needed to show it")
    breaks = {
        "loses_oxygen": _loses_oxygen,
        "before_contact": _before_contact,
        "keeps_colour": _keeps_colour,
        "flips_back": _flips_back,
        "wrong_alveolus": _wrong_alveolus,
    }
    return breaks[name](parameters, state, clock, rng)


def _onsets(clock: Clock, rng: np.random.Generator) -> np.ndarray:
    """Allowed first frames of a violation, in random order."""
    return rng.permutation(np.arange(1, int(_LATEST * clock.num_frames) + 1))


def _smooth(u: np.ndarray) -> np.ndarray:
    """0 to 1 over u from 0 to 1, smooth at both ends."""
    u = np.clip(u, 0, 1)
    return u * u * (3 - 2 * u)


def _begun(clock: Clock, first: int) -> np.ndarray:
    """How far (T, 1) the broken law has set in: 0 before frame `first`, 1 some frames later."""
    later = np.arange(clock.num_frames) - first + 1
    return np.clip(later / max(3.0, _PASSING * clock.num_frames), 0, 1)[:, None]


def _mine(state: State, aerated: bool) -> tuple[int, np.ndarray]:
    """Number of the stream that is `aerated` or not, and which cells (N,) are in it."""
    (number,) = [i for i, stream in enumerate(state["streams"]) if stream.aerated == aerated]
    return number, state["stream"] == number


def _finish(
    p: Parameters, state: State, clock: Clock, redness: np.ndarray, first: int, value: float,
    unit: str, cell: int = -1,
) -> State:  # fmt: skip
    twin = State(state.field_um, {**state.arrays, "redness": redness}, Truth())
    world.tell(p, clock, twin)
    t = first * clock.s_per_frame
    event = Event("violation", int(first), t, cell, value=float(value), unit=unit)
    twin.truth.events.append(event)
    return twin


def _gain(p: Parameters, state: State) -> float:
    """Saturation that blood gains along the air in the true clip."""
    number, _ = _mine(state, True)
    low, high = world.saturation_limits(p)
    ends = np.interp(state["streams"][number].contact, *state["profiles"][number])
    return float((high - low) * (ends[1] - ends[0]))


def _loses_oxygen(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    first = _onsets(clock, rng)[0]
    number, mine = _mine(state, True)
    begin, end = state["streams"][number].contact
    # The same profile, run through from its far end.
    wrong = np.interp(begin + end - state["s"], *state["profiles"][number])
    share = _begun(clock, first) * mine
    redness = state["redness"] + share * (wrong - state["redness"])
    value = -_gain(p, state)
    return _finish(p, state, clock, redness, first, value, "saturation gained along the air")


def _before_contact(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    first = _onsets(clock, rng)[0]
    number, mine = _mine(state, True)
    begin = state["streams"][number].contact[0]
    wrong = np.maximum(_smooth(state["s"] / (0.5 * begin)), state["redness"])
    share = _begun(clock, first) * mine
    redness = state["redness"] + share * (wrong - state["redness"])
    value = begin * 0.6
    return _finish(p, state, clock, redness, first, value, "µm from where it is red to the air")


def _keeps_colour(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    if p["activity"] == "exercise":
        raise NoTwin("keeps_colour: in exercise no bright red cell would be left in view")
    first = _onsets(clock, rng)[0]
    _, mine = _mine(state, True)
    redness = state["redness"].copy()
    redness[first:, mine] = redness[first - 1, mine]
    passed = float(state["s"][-1, 0] - state["s"][first - 1, 0])
    return _finish(p, state, clock, redness, first, passed, "µm passed without a change of colour")


def _flips_back(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    number, mine = _mine(state, True)
    end = state["streams"][number].contact[1]
    true, s = state["redness"], state["s"]
    fade = max(3, round(0.1 * clock.num_frames))
    hold = max(3, round(0.3 * clock.num_frames))
    least = 0.5 if p["activity"] == "exercise" else world.RED
    frames = np.arange(clock.num_frames)
    step = float(s[1, 0] - s[0, 0])
    last = clock.num_frames - fade - 2
    for first in _onsets(clock, rng):
        redness = true.copy()
        free, found = mine.copy(), list[int]()
        for begin in range(first, last):
            # Purple before the end of the air, with frames to spare.
            ready = free & (true[begin - 1] >= least) & (s[begin - 1] + (fade + 3) * step <= end)
            if not ready.any():
                if not found:
                    break
                continue
            k = int(rng.choice(np.flatnonzero(ready)))
            down = np.clip((frames - begin + 1) / fade, 0, 1)
            up = np.clip((frames - begin - fade - hold + 1) / fade, 0, 1)
            redness[:, k] = true[:, k] * (1 - 0.95 * (down - up))
            found.append(k)
            free[max(0, k - 1) : k + 2] = False
        if found:
            value = float((true - redness).max())
            low, high = world.saturation_limits(p)
            return _finish(p, state, clock, redness, first, value * (high - low),
                           "saturation lost beside the air", found[0])  # fmt: skip
    raise NoTwin("flips_back: no cell turns red early enough to lose its colour beside the air")


def _wrong_alveolus(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    if len(state["streams"]) == 1:
        raise NoTwin("wrong_alveolus: there is only one alveolus")
    first = _onsets(clock, rng)[0]
    number, _ = _mine(state, True)
    other, flooded = _mine(state, False)
    shift = state["streams"][other].contact[0] - state["streams"][number].contact[0]
    wrong = np.interp(state["s"] - shift, *state["profiles"][number]) * flooded
    redness = state["redness"] + _begun(clock, first) * (wrong - state["redness"])
    return _finish(
        p, state, clock, redness, first, _gain(p, state), "saturation gained beside fluid"
    )
