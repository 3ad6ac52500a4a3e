"""Words for microtubules: captions, descriptions and prompts by assay, count and direction.

`{mt}` carries the count, `{way}`, `{ward}` and `{side}` the direction of growth, `{g}`
and `{v}` the speeds of growth and shrinkage in µm/min. `{grow}` and its like agree in number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..captions import number_word, plain


def _fill(p: Mapping[str, Any], count: int, growth: float, shrinkage: float) -> dict[str, str]:
    side, other = ("right", "left") if p["direction"] == "left_to_right" else ("left", "right")
    one = count == 1
    n = number_word(count)
    return {
        "n": n,
        "mt": f"{n} microtubule" + ("" if one else "s"),
        "smt": f"{n} speckled microtubule" + ("" if one else "s"),
        "end": "end" if one else "ends",
        "tip": "the tip" if one else "the tips",
        "g": plain(growth), "v": plain(shrinkage),
        "side": side, "other": other, "ward": f"{side}wards", "way": f"{other} to {side}",
        "grow": "grows" if one else "grow", "collapse": "collapses" if one else "collapse",
        "lie": "lies" if one else "lie",
        "regrow": "regrows" if one else "regrow", "it": "it" if one else "they",
        "lose": "loses" if one else "lose", "shrink": "shrinks" if one else "shrink",
        "point": "points" if one else "point", "gain": "gains" if one else "gain",
    }  # fmt: skip


def captions(p: Mapping[str, Any], count: int, growth: float, shrinkage: float) -> list[str]:
    """Single sentences of at most 16 words."""
    words = _fill(p, count, growth, shrinkage)
    return [text.format(**words) for text in _CAPTIONS[p["assay"]]]


def descriptions(p: Mapping[str, Any], count: int, growth: float, shrinkage: float) -> list[str]:
    """Paragraphs of 75 to 135 words."""
    words = _fill(p, count, growth, shrinkage)
    return [text.format(**words) for text in _DESCRIPTIONS[p["assay"]]]


def prompts(p: Mapping[str, Any], count: int, growth: float, shrinkage: float) -> list[str]:
    """Requests of at most 12 words, without numbers in digits."""
    words = _fill(p, count, growth, shrinkage)
    return [text.format(**words) for text in _PROMPTS[p["assay"]]]


_CAPTIONS = {
    "cell_edge": (
        "{mt} grow {ward} to the cell edge at {g} µm/min and collapse at {v}",
        "at a cell edge, {mt} grow {way} at {g} µm/min, shrink at {v}",
        "dynamic instability: {mt} at the cell edge grow {ward} at {g}, shrink at {v} µm/min",
        "{mt} reach to the {side} cell edge, growing at {g}, collapsing at {v} µm/min",
        "plus ends of {mt} grow {ward} to a cell edge, {g} µm/min, and collapse, {v}",
        "to the {side} cell edge, {mt} grow at {g} µm/min and suddenly shrink at {v}",
        "{mt} grow {way} at the cell edge, {g} µm/min, and collapse, {v}",
    ),
    "speckled": (
        "{smt} {grow} {ward} at {g} µm/min, {collapse} at {v}, then {regrow}",
        "close-up of {smt}: growth {ward} at {g} µm/min, collapse at {v}, rescue, growth",
        "{smt} {grow} {way} at {g}, {collapse} at {v} µm/min and {regrow}",
        "{smt} {shrink} at {v} µm/min and, rescued, {regrow} to the {side} at {g}",
        "catastrophe and rescue of {smt}, growing {ward} at {g} and shrinking at {v} µm/min",
        "pointing to the {side}, {smt} {grow} at {g}, {collapse} at {v} µm/min and {regrow}",
        "{smt}, growing {way} at {g} µm/min, {collapse} at {v}, then {regrow}",
    ),
    "washout": (
        "on {n} red seeds microtubules grow {ward}, {g} µm/min, then shrink after washout, {v}",
        "{n} seeded microtubules grow {way} at {g} µm/min, after washout shrink at {v}",
        "after washout of tubulin, {n} microtubules that grew {ward}, {g} µm/min, shrink at {v}",
        "washout: {mt}, growing to the {side} at {g}, shrink to seeds at {v} µm/min",
        "{mt} grow {ward} from red seeds at {g} µm/min; washout makes them shrink, {v}",
        "{mt}, grown {way} at {g} µm/min, shrink and vanish at {v} after washout",
        "{mt} grow {ward} on red seeds at {g} µm/min and, after washout, shrink at {v}",
    ),
}
_PROMPTS = {
    "cell_edge": (
        "{mt} growing {ward} and collapsing at a cell edge",
        "dynamic instability at the cell edge, {mt} pointing to the {side}",
        "{mt} grow {way} at the cell edge, then shrink",
        "the edge of a cell with {mt} that grow {ward}",
        "plus ends of {mt} probe the {side} cell edge",
        "show {mt} near the cell edge, growing to the {side}",
        "cell edge: {mt} grow {ward}, then suddenly shrink",
        "{mt} reach {way} for the cell edge and collapse",
        "to the {side} cell edge {mt} grow, collapse, grow again",
        "{mt} grow {way} at a cell edge and collapse",
    ),
    "speckled": (
        "{smt} {grow} {ward}, {collapse} and {regrow}",
        "close-up of {smt} growing {way}, collapse and rescue",
        "{smt}, pointing to the {side}, with catastrophe and rescue",
        "show {smt} growing {ward}, with a sudden collapse",
        "{smt} that {shrink} and {regrow} to the {side}",
        "catastrophe and rescue of {smt}, growth {ward}",
        "{smt} {grow} {way}, {shrink}, then {grow} again",
        "speckles stay put while {smt} {grow} {ward} and {collapse}",
        "speckles on {mt} that {grow} {way} and {collapse}",
        "{smt} growing {way}, with collapse and rescue",
    ),
    "washout": (
        "{mt} on red seeds grow {ward}, then shrink after washout",
        "tubulin washout: {mt} growing {way} shrink to seeds",
        "{n} red seeds with microtubules that point to the {side}, washout",
        "show {mt} growing {ward} from seeds until tubulin is washed out",
        "tubulin washout makes {mt} that grew {ward} shrink",
        "{mt} grow {way} on seeds, lost after washout",
        "on glass, {mt} grow to the {side}, then washout",
        "{n} seeded microtubules, growth {ward}, then shrinkage by washout",
        "purified tubulin, {n} seeds, growth {way}, then washout",
        "{mt} growing {way} on seeds shrink after washout",
    ),
}
_DESCRIPTIONS = {
    "cell_edge": (
        "The flat margin of a living newt lung cell is seen from above, with {mt} that run from "
        "{way} to the cell edge. Their plus ends lead, the minus ends lie beyond the picture. A "
        "growing tip carries an amber cap of tubulin with bound GTP and advances at {g} µm/min. "
        "When the cap is lost, the protofilaments curl and the tip falls back at {v} µm/min until "
        "it is rescued. Each of them turns in its own time, so that some grow while others "
        "shrink.",
        "Dynamic instability in a cell: {mt} point to the {side}, where the cell edge with its "
        "ruffled border bounds the picture. They lengthen steadily at {g} µm/min, then suddenly "
        "collapse at {v} µm/min, more than twice as fast. The turns are abrupt and come at "
        "random, independently for each microtubule. Subunits join and leave at the plus end "
        "alone, and the lattice behind it stays where it is. Small vesicles tremble in the "
        "cytoplasm between them.",
        "Green tubes reach {ward} through the cytoplasm of a cultured cell: {mt} search the space "
        "up to the cell edge. Amber marks a growing plus end, which moves at {g} µm/min, and a "
        "frayed one is shrinking, at {v} µm/min. Catastrophe, the switch from growth to "
        "shrinkage, and rescue, the switch back, happen without warning. The tips are not in "
        "step, one may grow while its neighbour falls back. The cell itself does not move.",
        "At the edge of a cell, {mt} grow and shrink. Growth goes from {way} at a speed of {g} "
        "µm/min, shrinkage takes the tip back along the same line at {v} µm/min. GTP tubulin "
        "forms an amber cap that protects the growing end; without it the tube peels open and "
        "loses its subunits. The change of state is sudden, and between two of them the speed is "
        "steady. Tubes are drawn much wider than they are, their lengths are true.",
        "In the flat margin of a living cell {mt} point from {way} to the cell edge. Their plus "
        "ends grow steadily at {g} µm/min with an amber cap of GTP tubulin, then suddenly "
        "collapse at {v} µm/min until rescue. Each microtubule turns in its own time, so that "
        "some grow while others shrink. Subunits join and leave at the tip alone, and the lattice "
        "behind it stays where it is. Small vesicles tremble in the cytoplasm, and the tubes are "
        "drawn much wider than they are.",
    ),
    "speckled": (
        "A close-up deep inside a newt lung cell shows {smt}. From off the picture {it} {lie} "
        "from {way} across it, and the plus {end} {grow} at {g} µm/min. Then comes a catastrophe: "
        "{tip} {collapse} at {v} µm/min over several micrometres. After a rescue {it} {grow} again "
        "at the first speed. The speckles are labelled subunits in the lattice that stay put, go "
        "out one by one as the end passes them, and new ones appear in the regrown part.",
        "Bright speckles dot {mt} and serve as fixed marks. Growth runs {ward} at {g} µm/min, "
        "with an amber cap of GTP tubulin on the plus end. When the cap is lost, the "
        "protofilaments curl outwards and the end falls back at {v} µm/min, more than twice as "
        "fast. A rescue stops the loss and growth sets in anew. No speckle travels along the "
        "lattice, since subunits come and go at the end alone. Around it, small vesicles tremble "
        "in the cytoplasm.",
        "Growth, collapse and renewed growth are seen in this order on {smt} in the cytoplasm of "
        "a cell. The plus end is the one to the {side}: it advances at {g} µm/min and is lost at "
        "{v} µm/min. The lattice in between never shifts, as its speckles show. They vanish from "
        "the end inwards during shrinkage, while those not yet reached stay lit. Regrown lattice "
        "has another pattern of speckles. Turns are sudden, speeds in between are steady.",
        "This is dynamic instability, watched close up with speckles. In a living cell {smt} "
        "{point} from {way}. At {g} µm/min {it} {gain} subunits at the plus end, which wears an "
        "amber cap. At {v} µm/min {it} {lose} them again after a sudden catastrophe, the end "
        "frayed by curled protofilaments, until a rescue lets growth go on. The width stays the "
        "same all along, only the length changes, and it changes at the end alone.",
        "Deep inside a living cell {smt} {lie} from {way} in a close-up. The plus {end} {grow} at "
        "{g} µm/min with an amber cap of GTP tubulin, {collapse} at {v} µm/min after a sudden "
        "catastrophe, and {grow} again after a rescue. The speckles are labelled subunits in the "
        "lattice that stay put and go out one by one as the end passes them. Regrown lattice has "
        "new speckles, since subunits come and go at the end alone. Small vesicles tremble in the "
        "cytoplasm.",
    ),
    "washout": (
        "Purified tubulin on a glass surface: {n} short red seeds, which are stable, each carry "
        "one green microtubule that grows {ward} at {g} µm/min. Halfway through, free tubulin is "
        "washed out and its green haze clears. Within seconds the amber caps of GTP tubulin are "
        "gone, the protofilaments curl outwards, and every green part shrinks at {v} µm/min until "
        "only its seed is left. Without tubulin there is no rescue. The seeds keep their place "
        "and their length.",
        "A washout experiment with {mt} on glass. Each of them starts at a red seed and points "
        "from {way}, the plus end first. As long as there is tubulin in the buffer, the ends "
        "advance slowly, {g} µm/min. After the washout they wait for some seconds, each for a "
        "time of its own, then they all collapse at {v} µm/min in one run, from the free end to "
        "the seed. The seeds stay fixed to the surface, as does everything else.",
        "From {n} red seeds fixed to glass, green microtubules grow to the {side}. The speed is "
        "{g} µm/min while tubulin is supplied. Then the buffer is exchanged for one without "
        "tubulin: growth stops, and after a few seconds the ends fray and shrink back at {v} "
        "µm/min, many times faster than they grew. Subunits are lost from the tip alone, so that "
        "the tube never breaks in its middle. What remains of this washout are the bare seeds.",
        "What keeps a microtubule growing is a cap of fresh tubulin, shown here in amber. Seen on "
        "a glass surface, {mt} grow {ward} from red stable seeds at {g} µm/min. Then comes a "
        "washout: the free tubulin is gone, and with it the faint green haze of the buffer. One "
        "after the other the caps are lost and the ends rush back at {v} µm/min to their seeds, "
        "where they come to rest. No growth follows.",
        "On a glass surface {mt} grow from {way} from short red seeds at {g} µm/min, as long as "
        "there is free tubulin in the buffer. Halfway through comes the washout. After a few "
        "seconds the amber caps of GTP tubulin are lost, and every green part shrinks at {v} "
        "µm/min, from the tip to the seed, in one run. Without tubulin there is no rescue and no "
        "growth. The red seeds are stable and keep their place and their length.",
    ),
}
