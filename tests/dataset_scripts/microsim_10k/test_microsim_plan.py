"""The plan is a pure, balanced function of seed and index."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.microsim_10k.plan import (
    CLIPS_PER_PART,
    SPLITS,
    Request,
    parts,
    plan_clip,
    rank_in_split,
    split_of,
)

NAMES = [f"world_{i}" for i in range(17)]
LOOKS = ["illustration", "fluorescence", "bright_field"]

requests = st.builds(
    Request,
    clips=st.integers(3, 700),
    size=st.just(64),
    frames=st.just(17),
    seed=st.integers(0, 2**63 - 1),
    mix=st.just("phenomena"),
    groups=st.integers(1, 17).map(lambda n: tuple((name,) for name in NAMES[:n])),
    styles=st.integers(1, 3).map(lambda n: tuple(LOOKS[:n])),
)


@given(requests)
def test_every_split_is_balanced(request: Request) -> None:
    clips = [plan_clip(request, i) for i in range(request.clips)]
    for split in SPLITS:
        mine = [clip for clip in clips if clip.split == split]
        assert mine, "three clips or more fill all three splits"
        worlds = Counter({name: 0 for name in request.phenomena})
        worlds.update(clip.phenomenon for clip in mine)
        assert max(worlds.values()) - min(worlds.values()) <= 1
        # No run of clips is all in one look, either.
        looks = Counter({look: 0 for look in request.styles})
        looks.update(clip.style for clip in mine)
        assert max(looks.values()) - min(looks.values()) <= 2
        for world in request.phenomena:
            looks = Counter({look: 0 for look in request.styles})
            looks.update(clip.style for clip in mine if clip.phenomenon == world)
            assert max(looks.values()) - min(looks.values()) <= 1


@given(requests)
def test_shares_are_eight_to_one_to_one_and_only_test_goes_beyond_wording(request: Request) -> None:
    clips = [plan_clip(request, i) for i in range(request.clips)]
    counts = Counter(clip.split for clip in clips)
    assert abs(counts["validation"] - request.clips / 10) <= 1
    assert abs(counts["test"] - request.clips / 10) <= 1
    kinds = {split: {c.regime for c in clips if c.split == split} for split in SPLITS}
    assert kinds["train"] == {"train"} and kinds["validation"] == {"wording"}
    assert kinds["test"] <= {"wording", "interval", "combination"}


def test_a_long_test_split_holds_every_kind_in_every_look_of_every_world() -> None:
    request = Request(6120, 64, 17, 0, "phenomena", tuple((n,) for n in NAMES), tuple(LOOKS))
    clips = [plan_clip(request, i) for i in range(request.clips)]
    cells = Counter((c.phenomenon, c.style, c.regime) for c in clips if c.split == "test")
    assert len(cells) == 17 * 3 * 3 and set(cells.values()) == {4}


def test_levels_can_be_even_instead_of_phenomena() -> None:
    groups = (tuple(NAMES[:6]), tuple(NAMES[6:11]), tuple(NAMES[11:]))
    request = Request(2000, 64, 17, 0, "levels", groups, tuple(LOOKS))
    clips = [plan_clip(request, i) for i in range(request.clips)]
    for split in SPLITS:
        worlds = Counter(c.phenomenon for c in clips if c.split == split)
        sums = [sum(worlds[name] for name in group) for group in groups]
        assert max(sums) - min(sums) <= 1
        for group in groups:
            inside = [worlds[name] for name in group]
            assert max(inside) - min(inside) <= 1
        for name in NAMES:
            looks = Counter(c.style for c in clips if (c.split, c.phenomenon) == (split, name))
            assert max(looks.values()) - min(looks.values()) <= 1


@given(requests, st.integers(0, 699))
def test_a_clip_does_not_depend_on_how_many_there_are(request: Request, index: int) -> None:
    longer = Request(**{**request.__dict__, "clips": request.clips + 1000})
    assert plan_clip(request, index) == plan_clip(longer, index)


@given(requests)
def test_parts_hold_every_clip_once_and_in_order(request: Request) -> None:
    made = list(parts(request))
    assert all(1 <= len(part.clips) <= CLIPS_PER_PART for part in made)
    assert len({part.name for part in made}) == len(made)
    assert all(clip.split == part.split for part in made for clip in part.clips)
    for split in SPLITS:
        indices = [clip.index for part in made if part.split == split for clip in part.clips]
        assert indices == [i for i in range(request.clips) if split_of(i) == split]


@given(st.integers(0, 5000))
def test_rank_counts_the_earlier_clips_of_the_split(index: int) -> None:
    assert rank_in_split(index) == sum(split_of(i) == split_of(index) for i in range(index))


def test_seeds_are_distinct_63_bit_and_depend_on_both_numbers() -> None:
    request = Request(10_000, 64, 17, 0, "phenomena", (tuple(NAMES[:6]),), tuple(LOOKS))
    other = Request(10_000, 64, 17, 1, "phenomena", (tuple(NAMES[:6]),), tuple(LOOKS))
    seeds = [plan_clip(r, i).seed for r, i in product((request, other), range(10_000))]
    assert len(set(seeds)) == 20_000
    assert min(seeds) >= 0 and 2**62 < max(seeds) < 2**63
    ids = [plan_clip(r, i).clip_id for r, i in product((request, other), range(10_000))]
    assert len(set(ids)) == 20_000
