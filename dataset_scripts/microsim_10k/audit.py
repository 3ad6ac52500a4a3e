"""Which clips of a training set are in a benchmark, too? Pure: plain data in, plain data out.

Two clips are duplicates if they name the same source, if their frames are the same
(`fingerprint`), or, where one of them has no frames to compare, if their words are nearly the same.
Clips whose words are alike but whose frames are not are listed as such and kept: captions written
from templates share their wording and nothing else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from datasketch import MinHash, MinHashLSH

from .fingerprint import FLIPS, Fingerprint, Index, alikeness, same

SHINGLE = 3
"""Words in a row that are compared as one."""
SAME_WORDS = 0.7
"""Share of common shingles (Jaccard) from which two texts are nearly the same."""
PERMUTATIONS = 128


@dataclass(frozen=True)
class Item:
    """One clip or task: `source_id` is "" where unknown, `fingerprint` None without frames."""

    name: str
    source_id: str
    text: str
    fingerprint: Fingerprint | None


@dataclass
class Match:
    """A pair that is the same in some way; `alike` as `fingerprint.alikeness` gives it."""

    train: str
    bench: str
    source: bool = False
    frames: bool = False
    words: float = 0.0
    flip: str = ""
    alike: tuple[float, float, float] | None = None
    blind: bool = field(default=False, repr=False)

    @property
    def duplicate(self) -> bool:
        """Whether the training clip has to go."""
        return self.source or self.frames or (self.blind and self.words >= SAME_WORDS)

    @property
    def reason(self) -> str:
        """Why, in a word or two."""
        named = (("source", self.source), ("frames", self.frames), ("words", bool(self.words)))
        kinds = [kind for kind, found in named if found]
        return " and ".join(kinds) + (f", mirrored {self.flip}" if self.flip else "")


def shingles(text: str) -> set[str]:
    """Runs of `SHINGLE` words, lower case and without punctuation; all words if there are fewer."""
    words = re.findall(r"\w+", text.lower())
    if not words:
        return set()
    count = max(1, len(words) - SHINGLE + 1)
    return {" ".join(words[i : i + SHINGLE]) for i in range(count)}


def find_matches(
    train: Sequence[Item], bench: Sequence[Item], progress: Callable[[], None] = lambda: None
) -> list[Match]:
    """All pairs that match, in the order of `bench`, then of `train`; `progress` once per item of
    `bench`."""
    places = {id(item): number for number, item in enumerate(train)}
    by_source: dict[str, list[Item]] = defaultdict(list)
    for item in train:
        if item.source_id:
            by_source[item.source_id].append(item)
    seen = [item for item in train if item.fingerprint is not None]
    index = Index([item.fingerprint for item in seen if item.fingerprint is not None])
    words = _Words(train)
    matches = []
    for one in bench:
        found: dict[int, Match] = {}

        def of(item: Item, one: Item = one, found: dict[int, Match] = found) -> Match:
            blind = item.fingerprint is None or one.fingerprint is None
            return found.setdefault(places[id(item)], Match(item.name, one.name, blind=blind))

        for item in by_source.get(one.source_id, []) if one.source_id else []:
            of(item).source = True
        for number, similarity in words.near(one.text):
            of(train[number]).words = similarity
        if one.fingerprint is not None:
            for flip in FLIPS:
                print_ = one.fingerprint.flipped(flip) if flip else one.fingerprint
                for number in index.near(print_):
                    other = index.fingerprints[number]
                    match = found.get(places[id(seen[number])])
                    if (match is None or not match.frames) and same(print_, other):
                        match = of(seen[number])
                        match.frames, match.flip = True, flip
                        match.alike = alikeness(print_, other)
        matches += _clearest([found[place] for place in sorted(found)])
        progress()
    return matches


def _clearest(found: list[Match]) -> list[Match]:
    """Matches of one clip without those in frames that another one beats by far: the clip itself is
    nearer to its copy by an order than the most similar other clip."""
    apart = [2 - m.alike[0] - m.alike[1] for m in found if m.alike is not None]
    limit = 3 * min(apart, default=0.0) + 0.01
    for match in found:
        if match.alike is not None and 2 - match.alike[0] - match.alike[1] > limit:
            match.frames, match.flip, match.alike = False, "", None
    return [match for match in found if match.reason]


class _Words:
    """The texts of many items, to be searched for nearly the same words."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._shingles = [shingles(item.text) for item in items]
        self._search = MinHashLSH(threshold=SAME_WORDS, num_perm=PERMUTATIONS)
        for number, found in enumerate(self._shingles):
            if found:
                self._search.insert(number, _minhash(found))

    def near(self, text: str) -> list[tuple[int, float]]:
        """Numbers of the items with nearly the same words, and the share of common shingles."""
        mine = shingles(text)
        if not mine:
            return []
        near = []
        for number in sorted(self._search.query(_minhash(mine))):
            theirs = self._shingles[number]
            share = len(mine & theirs) / len(mine | theirs)
            if share >= SAME_WORDS:
                near.append((number, share))
        return near


def _minhash(found: set[str]) -> MinHash:
    made = MinHash(num_perm=PERMUTATIONS, seed=1)
    made.update_batch([shingle.encode() for shingle in sorted(found)])
    return made
