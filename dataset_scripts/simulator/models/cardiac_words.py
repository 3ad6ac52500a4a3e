"""The words for waves of excitation in heart muscle; pure functions of labels and numbers.

`v` is what a clip states in numbers: a front's speed, or the time of one turn of a spiral.
"""

from __future__ import annotations

_WAY = {
    "left_to_right": ("from left to right", "rightwards", "to the right"),
    "right_to_left": ("from right to left", "leftwards", "to the left"),
}
_SENSE = {"clockwise": "clockwise", "counterclockwise": "counter-clockwise"}
_LIE = {"horizontal": "fibres from side to side", "vertical": "fibres up and down"}


def captions(direction: str, fibres: str, v: str) -> list[str]:
    """Sentences of at most 16 words that state process, actors, direction, fibres and speed."""
    f = fibres
    if direction in _WAY:
        way, ward, _ = _WAY[direction]
        return [
            f"one excitation wave crosses heart muscle {way} at {v}, fibres {f}",
            f"heart muscle with {f} fibres: one front of excitation runs {ward} at {v}",
            f"one bright front sweeps {ward} over {f} heart muscle fibres at {v}",
            f"a sheet of heart muscle, fibres {f}, is excited {way} at {v}",
            f"one wave of excitation spreads {ward} through {f} fibres of heart muscle at {v}",
            f"excitation runs {way} at {v} through heart muscle whose fibres are {f}",
            f"one bright wave of excitation runs {ward} over heart muscle with {f} fibres at {v}",
        ]
    if direction == "outward":
        return [
            f"heart muscle is excited outward from its middle, along {f} fibres at {v}",
            f"one stimulus in heart muscle spreads outward, at {v} along its {f} fibres",
            f"an ellipse of excited heart muscle grows outwards at {v} along {f} fibres",
            f"one bright ellipse spreads outward in heart muscle, {v} along the {f} fibres",
            f"a wave of excitation expands outward in heart muscle, {f} fibres conducting at {v}",
            f"from a central spot one wave runs outward through heart muscle, {v} along {f} fibres",
            f"one bright ellipse of excitation grows outward in heart muscle at {v} along {f} "
            "fibres",
        ]
    if direction == "inward":
        return [
            f"two excitation waves run inward from both sides of heart muscle, {f} fibres, at {v}",
            f"two fronts run inward and collide in heart muscle with {f} fibres, each at {v}",
            f"from left and right two waves collide in heart muscle, fibres {f}, speed {v}",
            f"heart muscle with {f} fibres is excited inward from both edges, two fronts at {v}",
            f"two bright fronts of excitation close inward at {v} over {f} fibres of heart muscle",
            f"two opposed waves collide mid-sheet in heart muscle, {f} fibres, coming inward at "
            f"{v}",
            f"two excitation waves run inward from both edges and collide, heart muscle fibres "
            f"{f}, {v}",
        ]
    s = _SENSE[direction]
    return [
        f"one spiral wave of excitation turns {s} in heart muscle with {f} fibres every {v}",
        f"a spiral of excitation rotates {s} in heart muscle, fibres {f}, {v} per turn",
        f"heart muscle, fibres {f}: one spiral arm rotates {s} about a scar in {v}",
        f"in heart muscle with {f} fibres one rotor turns {s}, one turn in {v}",
        f"one curved arm of excitation circles {s} every {v} over {f} heart muscle fibres",
        f"a bright spiral circles {s} round a scar in heart muscle, fibres {f}, every {v}",
        f"one bright spiral wave of excitation rotates {s} in heart muscle, fibres {f}, every {v}",
    ]


def prompts(direction: str, fibres: str) -> list[str]:
    """Short requests of at most 12 words without digits; the last is held out."""
    f, lie = fibres, _LIE[fibres]
    if direction in _WAY:
        way, ward, to = _WAY[direction]
        return [
            f"an excitation wave crosses heart muscle {way}, fibres {f}",
            f"heart muscle wave moving {ward}, fibres {f}",
            f"cardiac wave {way}, {f} fibres",
            f"heart tissue lights up {way}, its fibres running {f}ly",
            f"show excitation sweeping {ward} over {f} heart muscle fibres",
            f"one front runs {ward} over heart muscle with {f} fibres",
            f"excitation of the heart spreads {to}, muscle fibres {f}",
            f"{f} muscle fibres of the heart excited {way}",
            f"depolarisation of the heart travels {ward}, {lie}",
            f"a cardiac front moving {to}, {lie}",
            f"one excitation wave runs {ward} over heart muscle, fibres {f}",
        ]
    if direction == "outward":
        return [
            f"an excitation wave spreads outward in heart muscle, fibres {f}",
            f"heart muscle excited outwards from the middle, fibres {f}",
            f"cardiac wave growing outward as an ellipse, {f} fibres",
            f"heart tissue lights up from its centre outward, fibres running {f}ly",
            f"show an ellipse of excitation growing outward over {f} heart fibres",
            f"one stimulus spreads outward through heart muscle with {f} fibres",
            f"excitation of the heart expands outward, muscle fibres {f}",
            f"{f} muscle fibres of the heart excited outward from one spot",
            f"depolarisation of the heart spreads outward, {lie}",
            f"a cardiac wave from one spot outward, {lie}",
            f"one excitation wave growing outward in heart muscle, fibres {f}",
        ]
    if direction == "inward":
        return [
            f"two excitation waves run inward and collide, heart fibres {f}",
            f"heart muscle waves from both sides collide, fibres {f}",
            f"cardiac waves meeting in the middle, {f} fibres",
            f"heart tissue lights up from both edges inward, fibres running {f}ly",
            f"show two opposed waves colliding over {f} heart muscle fibres",
            f"two fronts run inward over heart muscle with {f} fibres",
            f"excitation of the heart from left and right, muscle fibres {f}",
            f"{f} muscle fibres of the heart excited from both sides",
            f"two depolarisation fronts collide in the heart, {lie}",
            f"cardiac fronts collide mid-sheet, {lie}",
            f"two heart waves run inward from both sides, fibres {f}",
        ]
    s = _SENSE[direction]
    joined = s.replace("-", "")
    return [
        f"a spiral wave rotates {s} in heart muscle, fibres {f}",
        f"heart muscle spiral turning {s}, fibres {f}",
        f"cardiac spiral wave, {s}, {f} fibres",
        f"heart tissue with a rotor going {joined}, fibres running {f}ly",
        f"show a spiral of excitation turning {s} over {f} heart fibres",
        f"one spiral arm turns {s} over heart muscle with {f} fibres",
        f"excitation of the heart circles {joined}, muscle fibres {f}",
        f"{f} muscle fibres of the heart, spiral rotating {s}",
        f"a spiral wave of depolarisation rotates {s}, {lie}",
        f"a cardiac rotor circles {s}, {lie}",
        f"one spiral wave turns {s} in heart muscle, fibres {f}",
    ]


def _story(direction: str, v: str) -> list[str]:
    """What happens, five times in different words, in one or two sentences."""
    if direction in _WAY:
        way, ward, _ = _WAY[direction]
        return [
            f"One straight front of excitation crosses the sheet {way} at {v}. Ahead of it all "
            "muscle is dark and at rest, behind it all is bright.",
            f"A stimulus along one whole edge starts one wave, which sweeps {ward} with a steady "
            f"{v} until it reaches the opposite border and ends there without an echo.",
            f"The muscle lights up {way}: one bright line moves {ward} at {v} and never halts, "
            "and whatever it has passed stays lit to the end.",
            f"One plane wave travels {ward}. Its front keeps its shape, its brightness and its "
            f"speed of {v} over the whole way {way}.",
            f"One bright front of excitation moves {way} with a steady {v}. The muscle ahead of it "
            "is dark and at rest, and whatever it has passed stays lit.",
        ]
    if direction == "outward":
        return [
            "One stimulus in the middle of the sheet starts a wave that spreads outward as an "
            f"ellipse, at {v} along the fibres and more slowly across them.",
            "A small bright spot appears near the centre and grows outwards without a pause. Its "
            f"outline is an ellipse, as excitation runs at {v} along the fibres but takes longer "
            "to cross them.",
            f"Excitation expands outward from one central spot. Along the fibres the front runs "
            f"at {v}, across them at less, so that the lit region is longer than it is wide.",
            "One bright ellipse grows outward from the stimulated spot until it meets the border "
            f"of the sheet, its long axis lying along the fibres, where the speed is {v}.",
            "One bright spot near the middle grows outward as an ellipse, as excitation runs at "
            f"{v} along the fibres and more slowly across them.",
        ]
    if direction == "inward":
        return [
            "Two straight fronts start at the left and the right edge at the same moment, run "
            f"inward at {v} each and collide in the middle, where both end.",
            "Two waves of excitation come from both sides. The dark strip between them is "
            f"consumed inwards at {v} from either side, and when they meet nothing travels on.",
            f"From left and right two opposed waves close in with {v} each. They collide mid-sheet "
            "and extinguish each other, since each runs into muscle that cannot fire again.",
            "Two bright lines, one at each side edge, move inward towards each other with a steady "
            f"{v}. After their collision the whole sheet is lit and no front is left.",
            "Two straight waves run inward from the left and the right edge, each with a steady "
            f"{v}. They collide in the middle, and after that nothing travels on.",
        ]
    s = _SENSE[direction]
    return [
        f"One spiral wave rotates {s} about a small scar in the middle, one turn taking {v}. Its "
        "inner end slides along the scar, and the arm sweeps the whole sheet once per turn.",
        f"A single curved arm of excitation turns {s}, round after round, every {v}. Each place "
        "lights up when the arm arrives, fades and is dark before it returns.",
        f"One rotor circles {s} with a period of {v}. The leading side of its arm is an abrupt "
        "edge, the trailing side fades gradually.",
        f"Excitation chases its own tail {s}: one bright spiral arm hangs on a pale scar with its "
        f"inner end and comes round every {v}.",
        f"One bright spiral arm rotates {s} about a small scar, one turn taking {v}. Its leading "
        "side is an abrupt edge, and each place is dark before it returns.",
    ]


_WHY = (
    "Each cell that fires draws current from its resting neighbours through gap junctions and "
    "brings them to threshold, so excitation renews itself and cannot fade.",
    "An excited cell is refractory for as long as its action potential lasts, so no wave can enter "
    "muscle that another has just passed.",
    "Sodium channels open within a millisecond once neighbouring cells have brought them to "
    "threshold, and the plateau that follows keeps the muscle lit.",
    "Every cell fires all or none: it hands the full signal on to its neighbours and then needs "
    "time to recover before it can fire again.",
    "Each cell that fires brings its resting neighbours to threshold through gap junctions, and "
    "then needs time to recover before it can fire again.",
)


def descriptions(direction: str, fibres: str, v: str, width: str, ratio: str) -> list[str]:
    """Texts of 75 to 135 words with the facts of the captions; the last is held out."""
    story, f, sheet = _story(direction, v), fibres, f"{width} mm wide"
    return [
        f"A thin sheet of heart muscle from the ventricle, {sheet}, is seen face-on. Its fibres "
        f"are {f} and show as fine ridges. {story[0]} {_WHY[0]} Waves run {ratio} times faster "
        "along the fibres than across them. A coronary artery and a vein cross the sheet, which "
        "itself does not move.",
        f"{story[1]} The scene is a slice of ventricular heart muscle, {sheet}, with {f} fibres, "
        "stained with a dye that reports the membrane potential: resting muscle is dark and "
        f"excited muscle bright. {_WHY[1]} Conduction is {ratio} times as fast along the fibres "
        "as across them. Contraction is suppressed, and the vessels on the surface stay in place.",
        f"Optical map of excitation in heart muscle whose {f} fibres fill the picture, {sheet}. "
        f"{story[2]} Brightest is the spike at the very front. {_WHY[2]} Since cells touch end to "
        f"end, a front needs {ratio} times as long to cross the fibres as to follow them. Nothing "
        "but the light moves; the ridges and the coronary vessels rest.",
        f"Muscle of the heart at body temperature, its fibres running {f}ly, lies under a camera "
        f"that maps excitation over a field {sheet}. {story[3]} {_WHY[3]} The tissue conducts "
        f"{ratio} times better in the direction of its fibres than at right angles to them. Dark "
        "lines between the strands and two coronary vessels mark the fixed surface of the muscle.",
        f"A slice of heart muscle with {f} fibres, {sheet}, is seen face-on under a camera. "
        f"{story[4]} {_WHY[4]} Excitation is {ratio} times as fast along the fibres as across "
        "them. Brightest is the spike at the very front, and resting muscle is dark. The coronary "
        "vessels and the ridges stay in place, as contraction is suppressed and nothing but the "
        "light moves.",
    ]
