"""Wordings of membrane transport: captions, requests and descriptions of each kind of protein.

Every text names the protein, how many there are and the way of transport; captions and descriptions
give the rate as well. The last of each tuple is held out of training and uses the others' words.
"""

from __future__ import annotations

from ..captions import number_word, plain


def terms(
    protein: str, direction: str, number: int, turnover: float, particles: int
) -> dict[str, str]:
    """What the templates below are filled with."""
    down = direction == "downwards"
    n = number_word(number)
    said = {
        "n": n, "N": n.capitalize(), "ward": direction, "back": "upwards" if down else "downwards",
        "rich": "above" if down else "below", "poor": "below" if down else "above",
        "top": "top" if down else "bottom", "floor": "bottom" if down else "top",
        "crowd": number_word(particles),
        "v": f"{plain(turnover)} cycles/s",
    }  # fmt: skip
    if protein == "channel":
        said["v"] = f"{plain(turnover / 1e6)} ions/µs"
        said["chan"] = "four channels, one shut" if number == 4 else "two open channels"
        said["gates"] = (
            "Three pores are open and one is blocked by a dark plug, and no gate changes, since "
            "gates move a thousand times more slowly."
            if number == 4
            else "Both pores are open, and no gate changes, since gates move a thousand times more "
            "slowly."
        )
        said["which"] = "the three open pores, not the plug" if number == 4 else "the two pores"
    if protein == "pump":
        one = number == 1
        said["pumps"] = f"{n} sodium-potassium pump" + ("" if one else "s")
        said["takes"], said["moves"] = ("takes", "moves") if one else ("take", "move")
    return said


CAPTIONS = {
    "channel": (
        "potassium ions run {ward} through {chan}, {v} per open pore",
        "a bilayer with {chan} lets potassium ions pass {ward}, {v} per pore",
        "{chan}: potassium ions cross the membrane {ward} at {v} per pore",
        "ions wander and pass {ward} through {chan}, {v} per pore",
        "potassium flows down its gradient, {ward}, through {chan}, {v} per pore",
        "through {chan} potassium ions even out {ward}, {v} per pore",
        "potassium ions pass {ward} through {chan} at {v} per open pore",
    ),
    "carrier": (
        "{n} glucose carriers rock and pass glucose {ward} through a membrane, {v}",
        "glucose crosses a plasma membrane {ward} on {n} rocking carriers, {v}",
        "{n} carriers open by turns to both sides and take glucose {ward}, {v}",
        "one glucose per turn, {n} carriers move sugar {ward} at {v}",
        "glucose uptake {ward}: {n} carriers in a membrane alternate at {v}",
        "{n} carriers shut, swing and release glucose {ward}, {v} each",
        "{n} rocking carriers move glucose {ward} through a membrane at {v}",
    ),
    "pump": (
        "{pumps} {takes} three sodium ions {ward} and two potassium {back}, {v}",
        "{pumps} in a membrane, sodium moving {ward}, potassium {back}, {v}",
        "sodium goes {ward} and potassium {back} through {pumps} at {v}",
        "per cycle {pumps} {moves} orange sodium {ward}, purple potassium {back}, {v}",
        "active transport: {pumps} {takes} sodium ions {ward}, potassium ions {back}, {v}",
        "{pumps}, three sodium out {ward}, two potassium in {back}, at {v}",
        "{pumps} {moves} sodium ions {ward} and potassium ions {back} at {v}",
    ),
}
PROMPTS = {
    "channel": (
        "potassium ions move {ward} through {chan}",
        "{chan} in a membrane, ions passing {ward}",
        "ions flow {ward} through {chan}",
        "a lipid bilayer with {chan}, potassium crossing {ward}",
        "show ion channels: {chan}, flow {ward}",
        "potassium running {ward} through {chan} in a bilayer",
        "{chan}, with ions that cross {ward}",
        "ions cross a membrane {ward} by {chan}",
        "diffusion {ward} through {chan}",
        "potassium ions cross a membrane {ward} through {chan}",
    ),
    "carrier": (
        "{n} glucose carriers move glucose {ward}",
        "glucose crosses a membrane {ward} through {n} carriers",
        "{n} rocking carriers take glucose {ward} into a cell",
        "glucose transport {ward} by {n} carrier proteins",
        "show {n} carriers that pass glucose {ward}",
        "{n} carriers alternate and bring glucose {ward}",
        "sugar uptake {ward} by {n} glucose carriers",
        "a membrane with {n} glucose carriers, transport {ward}",
        "{n} GLUT proteins carry glucose {ward}",
        "{n} rocking carriers pass glucose {ward} through a membrane",
    ),
    "pump": (
        "{pumps} {moves} sodium {ward} and potassium {back}",
        "sodium {ward}, potassium {back}, through {pumps}",
        "{pumps} in a membrane, sodium going {ward}",
        "show how {pumps} {takes} sodium ions {ward}",
        "active transport by {pumps}, sodium {ward}",
        "{pumps}: orange ions {ward}, purple ions {back}",
        "{pumps} at work, sodium moving {ward}",
        "ions exchanged by {pumps}, sodium out {ward}",
        "three sodium {ward}, two potassium {back}, {pumps}",
        "{pumps} at work in a membrane, sodium {ward}, potassium {back}",
    ),
}
DESCRIPTIONS = {
    "channel": (
        "A lipid bilayer divides a closed box, and {n} channel proteins span it. {gates} At first "
        "{crowd} purple potassium ions are {rich} the membrane and hardly any {poor} it. Jostled "
        "by water, they wander without a goal, and whoever comes upon an open pore may slip "
        "through, {v} per pore. Traffic runs {ward} on balance, because more ions are there to "
        "try, until both sides hold the same number. Single ions may return, but none gets "
        "through the lipid. Ions are drawn too large and their wandering too slow.",
        "Ion channels at work: {n} of them stand in a membrane seen in section, coral red among "
        "teal lipids. {gates} Potassium ions, drawn as purple balls, crowd the {top} of the "
        "closed box, {crowd} of them. They pass {ward} through the pores one after another at a "
        "rate of {v} per pore. No energy is spent on this; it is diffusion down a gradient, and "
        "the two crowds draw closer in number. The bilayer itself is a barrier to every ion, and "
        "all proteins keep their places.",
        "Passive transport {ward}. From the {top} of the picture, where {crowd} potassium ions "
        "began, some leak to the other half, always by way of {which}. There are {n} channel "
        "proteins side by side in one bilayer. {gates} Each free pore passes about {v}, in either "
        "direction in proportion to the ions on that side, so that the net flow is {ward}. "
        "The number of ions in the closed box never changes, since nothing is made or lost. Only "
        "ions move here, and they jitter all the time.",
        "What one sees first is a crowd of {crowd} purple potassium ions {rich} a membrane, and "
        "almost empty water {poor} it. Then the crowd thins out. Through {n} channel "
        "proteins, which span the lipid bilayer, ions travel {ward} in single file, {v} through "
        "each pore that is free. {gates} An ion that has crossed may come back by the same way, "
        "but on balance the two sides even out. Thermal motion drives it all, and lipid lets no "
        "ion pass.",
        "A lipid bilayer with {n} channel proteins divides a closed box. {gates} At first {crowd} "
        "purple potassium ions crowd the {top} of the box, {rich} the membrane, and hardly any "
        "are {poor} it. They wander by thermal motion and pass {ward} through the open pores one "
        "after another, {v} per pore. Single ions may return, but on balance the two sides even "
        "out, and the number of ions never changes. No ion gets through the lipid. Ions are drawn "
        "too large and their wandering too slow.",
    ),
    "carrier": (
        "{N} glucose carriers stand side by side in a plasma membrane, seen in section. Green "
        "hexagons of glucose are plentiful {rich} it, outside the cell, and rare {poor} it. Each "
        "carrier opens to the rich side, lets one glucose settle in its cavity, shuts around it, "
        "then opens to the other side and lets it go. Empty, it swings back. So sugar moves "
        "{ward}, one molecule per turn, {v} for each carrier. Never is the protein open to both "
        "sides at once, and nothing gets through the lipid. Glucose is drawn too large.",
        "Facilitated uptake of sugar: glucose travels {ward} into a cell by way of {n} pink "
        "carriers. They work by alternating access, rocking between two shapes at {v}. The cavity "
        "faces the {top} of the picture, takes up one green glucose, closes, and gapes at the "
        "{floor} to set it free. In between both gates are shut. No ATP is needed, as the sugar "
        "goes from plenty to want, and now and then one is brought back. Sugar chains on the "
        "membrane mark the outside, a sandy tint the cytosol.",
        "Seen at the scale of single proteins, a membrane runs across the picture with {n} "
        "carriers in it. On one side, {rich}, some {crowd} glucose molecules wander about. Each "
        "carrier rocks, on its own time, through about {v}. What happens in each is the same: "
        "bind, enclose, turn, release, return. A green hexagon goes in on one side and comes "
        "out on the other, and so the sugar makes its way {ward}. The proteins do not leave "
        "their places, the lipids rest, and the number of molecules in view stays as it was.",
        "Glucose cannot cross lipid, and so a cell has carriers like these {n}. They stand in the "
        "plasma membrane as pairs of halves that lean to one side and then to the other. Outward, "
        "where {crowd} glucose molecules started, the cleft opens first; one settles, the cleft "
        "shuts, and the opposite one opens. The way is {ward}, down the gradient, and the pace {v} "
        "per carrier. While one gate is open the other is closed. The free wandering of the sugar "
        "is drawn far slower than it is.",
        "{N} glucose carriers stand in a plasma membrane, seen in section, and rock at {v}. Some "
        "{crowd} green glucose molecules wander {rich} the membrane, and {poor} it they are rare. "
        "Each carrier opens to the rich side, takes up one glucose, shuts around it, opens to the "
        "other side and lets it go. So the sugar travels {ward}, one molecule per turn, down the "
        "gradient. While one gate is open the other is closed, and nothing gets through the lipid. "
        "The free wandering of the sugar is drawn far slower than it is.",
    ),
    "pump": (
        "In a strip of membrane {pumps} {moves} ions against their gradients. Each cycle takes "
        "three orange sodium ions {ward}, out of the cell, and then two purple potassium ions "
        "{back}, into it, at {v}. The cavity opens to the cytosol and fills with sodium, shuts, "
        "opens to the outside and empties; potassium takes the free places and makes the way back "
        "inside. ATP pays for every cycle. A pump never gapes on both faces at once, and no ion "
        "crosses the lipid, is lost or changes its colour. Ions are drawn too large.",
        "Active transport at the scale of proteins: {pumps} in a lipid bilayer. Sodium, orange, "
        "is plentiful outside and still is sent there, {ward}. Potassium, purple, is plentiful in "
        "the sand-coloured cytosol and still is fetched there, {back}. The exchange is three for "
        "two in every turn, {v}, and each turn costs one ATP. Blue halves of the protein lean "
        "apart on one face while they touch on the other, so that there is never an open passage. "
        "Sugar chains mark the outer face of the cell.",
        "Sodium moves {ward} and potassium {back}, both uphill, by the work of {pumps}. It "
        "goes like this: three sodium ions gather in the cavity from inside, the gate closes "
        "behind them, the other gate opens, and they are out. Two potassium ions then settle, "
        "are enclosed, and are let into the cytosol. The pace is {v}. Between two openings both "
        "gates are shut. Ions that are not bound wander at random, far slower in this drawing "
        "than in truth, and the membrane lies still.",
        "Every cell keeps little sodium and much potassium inside. Here is how: {pumps}, blue, "
        "with {v}. Orange sodium ions leave in threes, {ward}; purple potassium ions come in twos, "
        "{back}. The protein swings between a shape open to the cell's inside and one open to its "
        "outside, and fuel is ATP. Since each swing first shuts the one gate and only then opens "
        "the other, ions cannot run back. Water, lipids and sugar chains around stay at rest, and "
        "the count of each kind never changes.",
        "In a lipid bilayer {pumps} {moves} ions uphill at {v}. Three orange sodium ions settle in "
        "the cavity from inside, are enclosed, and are let out of the cell, {ward}. Two purple "
        "potassium ions then settle in the free places and come in, {back}. Each cycle costs one "
        "ATP. The protein swings between a shape open to the cytosol and one open to the outside, "
        "and both gates are shut in between. Ions that are not bound wander at random, and no ion "
        "crosses the lipid or is lost. Sugar chains mark the outer face.",
    ),
}
