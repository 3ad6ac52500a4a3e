"""Words for DNA replication: how captions, prompts and descriptions of each scene are phrased.

Every text carries the scene and the direction; captions and descriptions also carry the speed. The
last of each kind is held out of training.
"""

from __future__ import annotations

from ..captions import plain
from ..core import Parameters

_CAPTIONS = {
    "fork": (
        "one replication fork moves {ward} at {v}, copying DNA in fragments on one arm",
        "one replication fork opens DNA {way} at {v}, Okazaki fragments behind it",
        "DNA is copied {ward} by one fork with Okazaki fragments, {v}",
        "one fork runs {way} at {v}, Okazaki fragments on its {other} arm",
        "Okazaki fragments form behind one replication fork that travels {way}, {v}",
        "a helicase leads one replication fork {ward} at {v}, with fragments behind it",
        "one replication fork travels {ward} at {v}, with Okazaki fragments behind it",
    ),
    "bubbles": (
        "two replication bubbles widen and merge on one fibre, the {first} one first, {v}",
        "on a DNA fibre two bubbles merge, opened {way}, forks at {v}",
        "two bubbles of copied DNA, begun {way}, grow together, {v}",
        "two origins fire {way}, and their bubbles merge, forks at {v}",
        "four forks widen two replication bubbles, the {first} one larger, merging, {v}",
        "human DNA copied in two bubbles, opened {way}, that merge, {v}",
        "two replication bubbles on a fibre, begun {way}, merge, {v}",
    ),
    "ring": (
        "a ring chromosome is copied {way} by two forks at {v}",
        "two forks leave the {begin} of a ring and meet {end}, {v}",
        "a circular chromosome becomes two rings, copied {way}, forks at {v}",
        "replication of a DNA ring, two forks going {way} at {v}",
        "one ring of DNA turns into two, copied {way}, {v}",
        "two forks copy a ring chromosome {way}, each at {v}",
        "two forks copy a circular chromosome {way} at {v}",
    ),
}
_PROMPTS = {
    "fork": (
        "one DNA replication fork moving {ward}",
        "a replication fork that travels {way}, with Okazaki fragments",
        "Okazaki fragments behind a fork that moves {to}",
        "a single replication fork copies DNA {way}",
        "show one fork opening DNA {ward}, lagging strand in fragments",
        "close-up of a replication fork running {to}",
        "helicase and polymerases of one fork going {ward}",
        "leading and lagging strand at one fork, {way}",
        "a bacterial replication fork moves {to}, leaving Okazaki fragments",
        "a replication fork moves {way}, leaving Okazaki fragments",
    ),
    "bubbles": (
        "two replication bubbles merge, opened {way}",
        "two origins fire {way} on one DNA fibre",
        "replication bubbles on a fibre, the {first} one first, then merging",
        "two bubbles of DNA merge, begun {way}",
        "show two replication bubbles, the {first} one larger, that merge",
        "a DNA fibre with two bubbles, the {first} one ahead",
        "human replication bubbles, firing {way}, grow into one",
        "two bubbles, opened {way}, merge on a fibre",
        "four forks widen two bubbles, begun {way}",
        "two replication bubbles, begun {way}, merge",
    ),
    "ring": (
        "a ring chromosome is copied {way} by two forks",
        "two forks copy a circular chromosome {way}",
        "a DNA ring becomes two rings, copied {way}",
        "replication of a ring chromosome, origin at the {begin}",
        "forks leave the {begin} of a DNA ring and meet opposite",
        "a circular chromosome copied from its {begin} by two forks",
        "show a bacterial ring chromosome being copied {way}",
        "theta replication of a ring, origin at the {begin}",
        "two forks run {way} round a ring of DNA",
        "two forks copy a ring of DNA {way}",
    ),
}
_COPYING = (
    "Old strands are blue and new ones are orange, so every daughter helix has one of each. Small "
    "dark arrowheads point from the 5' to the 3' end of an old strand.",
    "Blue stands for parental DNA and orange for what has just been made. Copying is "
    "semiconservative: each daughter keeps one old strand and gains a new one.",
    "Each of the two daughters is half old, shown in blue, and half new, shown in orange. What has "
    "been copied stays copied, and DNA itself does not slide along.",
    "Replication is semiconservative, with an old blue strand and a new orange one in both "
    "daughters. Dark arrowheads mark the 5' to 3' sense of the old strands.",
    "Old strands are blue and new ones are orange, and each daughter keeps one old strand. What "
    "has been copied stays copied.",
)
_DESCRIPTIONS = {
    "fork": (
        "A close-up of one replication fork of a bacterium, which moves {way} at {v}. A purple "
        "helicase opens the parental duplex, and two green polymerases copy behind it. {dna} On "
        "the {one} arm one unbroken strand follows the fork. On the {other} arm Okazaki fragments "
        "of about {frag} begin at red primers near the fork and lengthen away from it.",
        "DNA is being copied {ward} in this flat schematic of one fork. {dna} The leading strand "
        "on the {one} arm is made without a break, while the lagging strand on the {other} arm is "
        "made in Okazaki fragments, {frag} each, that are joined later. Yellow proteins coat the "
        "template that is still single, and the speed is {v}.",
        "Two polymerases and a helicase work at one fork, and the fork travels {to}. Its speed is "
        "{v}. {dna} Both new strands grow from 5' to 3', so the {one} arm can be copied without a "
        "break, but the {other} one only backwards, in Okazaki fragments of {frag} with a red "
        "primer at the start of each. No new DNA lies ahead of the fork.",
        "The letter Y lies on its side or stands on its stem: a single fork of bacterial DNA. "
        "Duplex that is not yet copied lies ahead, and the fork runs into it {way}, at {v}. {dna} "
        "Behind it, the {other} arm is filled by Okazaki fragments of {frag} one after another, "
        "and the {one} arm by one strand that grows with the fork.",
        "One replication fork of a bacterium travels {way} at {v}. A purple helicase opens the "
        "duplex, and two green polymerases copy behind it. {dna} On the {one} arm one unbroken "
        "strand follows the fork, while on the {other} arm Okazaki fragments of about {frag} begin "
        "at red primers near the fork and lengthen away from it. No new DNA lies ahead of the "
        "fork.",
    ),
    "bubbles": (
        "A straight fibre of human DNA crosses the picture, and two replication bubbles lie on it, "
        "{apart} apart. Their origins fired {way}, so the bubble at the {first} is the larger one. "
        "{dna} Each bubble has a fork at either end, a purple dot that moves outward at {v}. Where "
        "two forks meet they vanish, and one long bubble is left.",
        "Two bubbles on one fibre widen at both ends until they merge into one. {dna} The origins, "
        "{apart} apart, began in order {way}: first the {first} one, then its neighbour. All four "
        "forks run at about {v}. At this scale Okazaki fragments are too short to be seen, so both "
        "daughters look unbroken.",
        "Replication of human DNA begins at many origins, and here are two of them, {apart} apart. "
        "They fired {way}, which is why the bubble at the {first} has a lead in length. {dna} "
        "Forks travel away from their origin at {v}, the inner ones towards each other. Once they "
        "have met, the two bubbles are one, and the outer forks go on.",
        "Along a stretched fibre with two origins {apart} apart, DNA is copied in two bubbles at "
        "once. Timing ran {way}, with the {first} origin ahead. {dna} The forks, four purple dots, "
        "advance at {v}, and the gap of uncopied duplex between the bubbles gets shorter until it "
        "is gone. The backdrop and the fibre stay at rest.",
        "Two replication bubbles lie on a straight fibre of human DNA, {apart} apart. Their "
        "origins fired {way}, so the bubble at the {first} is the larger one. {dna} Each bubble "
        "has a fork at either end, a purple dot that moves outward at {v}. Where "
        "the two inner forks meet they vanish, and one long bubble is left, and the outer forks "
        "go on.",
    ),
    "ring": (
        "The circular chromosome of a bacterium is shown whole, as a ring. Two forks leave the "
        "origin at the {begin} and run {way}, one on either side, each at {v}. {dna} Behind them "
        "the ring is double, so that the figure looks like the Greek letter theta. When the forks "
        "meet at the {end}, two complete rings are left.",
        "One ring of DNA becomes two. Copying starts at the {begin} and goes {way} along both "
        "sides, with two forks of about the same speed, {v}. {dna} The purple dots are the forks. "
        "The arc that has not been copied shrinks from both ends until it is gone, and the two "
        "daughter rings come apart where the forks have met.",
        "Replication of a bacterial chromosome, a closed circle without ends: from one origin at "
        "the {begin} two forks set out in opposite directions and copy it {way}. Each does {v}. "
        "{dna} Halfway through, two daughter branches lie side by side over half of the ring, and "
        "single parental duplex is left at the {end}.",
        "Two purple forks chase round a ring from the {begin} to meet again at the {end}; they are "
        "equally fast, {v}. {dna} The whole circular chromosome of a bacterium is in view. Between "
        "the forks it is double on the side of the origin, and by the end of the clip it has "
        "become two rings, one within the other. Copying goes {way}.",
        "The circular chromosome of a bacterium is copied {way}. Two forks leave the origin at the "
        "{begin}, one on either side, each at {v}. {dna} Behind the forks the ring is double, and "
        "the arc that has not been copied shrinks from both ends until it is gone. When the two "
        "forks meet at the {end}, two complete rings are left, one within the other.",
    ),
}


def _words(p: Parameters) -> dict[str, str]:
    """Speeds, lengths, and ways of saying the direction."""
    begin, end, ward, to = {
        "left_to_right": ("left", "right", "rightwards", "to the right"),
        "right_to_left": ("right", "left", "leftwards", "to the left"),
        "top_to_bottom": ("top", "bottom", "downwards", "to the bottom"),
    }[p["direction"]]
    upright = p["direction"] == "top_to_bottom"
    return {
        "v": f"{plain(p['human_speed'])} µm/min" if p["scene"] == "bubbles"
        else f"{plain(p['bacterial_speed'])} nt/s",
        "frag": f"{plain(p['fragment_length'])} kilobases",
        "apart": f"{plain(p['origin_spacing'])} µm",
        "way": f"from {begin} to {end}", "ward": ward, "to": to, "begin": begin, "end": end,
        "one": "right" if upright else "upper", "other": "left" if upright else "lower",
        "first": {"left": "left", "right": "right", "top": "top"}[begin],
        "second": end,
    }  # fmt: skip


def captions(parameters: Parameters) -> list[str]:
    """One sentence each, of at most 16 words; the last is held out of training."""
    words = _words(parameters)
    return [text.format(**words) for text in _CAPTIONS[parameters["scene"]]]


def prompts(parameters: Parameters) -> list[str]:
    """Short requests that carry scene and direction; the last is held out of training."""
    words = _words(parameters)
    return [text.format(**words) for text in _PROMPTS[parameters["scene"]]]


def descriptions(parameters: Parameters) -> list[str]:
    """Several sentences each: three or four on the scene, two on DNA; the last is held out."""
    words = _words(parameters)
    pairs = zip(_DESCRIPTIONS[parameters["scene"]], _COPYING, strict=True)
    return [text.replace("{dna}", shared).format(**words) for text, shared in pairs]
