"""Messages of the view of neurons: a gru on brackets, words, and sunspots."""

from __future__ import annotations

import math

from rnntui.protocol.insight import Details, Follows, Neurons, Passage, Quantity, UnitRow

# A gru of 64 units after 2,601 updates on brackets, and what five of its units do.
BRACKETS = (
    "[{}][[]()]]}()[][[{[]}{}]]((){})[][()]↵[]{()}([]{{{}{}}(([](){}{}())())[]}[][[]]({([]{})}{}"
    "([()]{}))){}[{[{}]}"
)
_EIGHTHS = (
    "2223333333477777753125356676666777766777777677667300104432221101011222333666655674111001544422"
    "2223567777533116"
)
_HEAT = (
    (24, _EIGHTHS.translate(str.maketrans("01234567", "01345689"))),
    (
        43,
        "333333333633333333333333336856513334113334533644666666668888999999998865554444448888888888"
        "89999998535434444443",
    ),
    (
        16,
        "000100000056886661000000058888886661156688888868888888866666666666666665660168666666666666"
        "44566666885110011000",
    ),
    (
        22,
        "333345555556666566311435556664556465544643136665300000145555555555555555566566555434443344"
        "56666645555456313114",
    ),
    (
        30,
        "310031000065983833111000069899983838089399989939999686486368898988866863583833198983669883"
        "80698899994919050031",
    ),
)
UNITS = 64


def _wave(unit: int) -> str:
    """The levels of a made-up unit."""
    return "".join(
        str(round(4.5 + 4.4 * math.sin(n * (0.05 + 0.013 * unit) + unit * unit)))
        for n in range(len(BRACKETS))
    )


PASSAGE = Passage(
    id=1,
    source="held-out",
    first=6000,
    tokens=tuple(BRACKETS),
    units=UNITS,
    layers=1,
    cell="gru",
)
FOLLOWS = (
    Follows("bracket depth", 0, 24, -0.87, 0.53, 1.00, True),
    Follows("open (", 0, 43, 0.85, 0.57, 0.99, True),
    Follows("open [", 0, 16, -0.82, 0.57, 0.98, True),
    Follows("open {", 0, 22, -0.81, 0.46, 0.99, True),
    Follows("innermost is [", 0, 30, -0.77, 0.57, 0.98, True),
    Follows("innermost is (", 0, 2, -0.77, 0.63, 0.98, False),
    Follows("position in line", 0, 45, -0.50, 0.58, 0.75, False),
    Follows("closes next", 0, 3, -0.36, 0.26, 0.49, False),
)
DETAILS = Details(
    109,
    (
        Quantity("x", "one-hot of the character", 7, (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)),
        Quantity("r", "σ(Wir x + bir + Whr h + bhr)", 64, (0.91, 0.12, 0.44, 0.03, 0.71, 0.88)),
        Quantity("z", "σ(Wiz x + biz + Whz h + bhz)", 64, (0.02, 0.97, 0.51, 0.33, 0.64, 0.11)),
        Quantity("n", "tanh(Win x + bin + r ⊙ (Whn h + bhn))", 64, (-0.41, 0.07, 0.93, -0.88)),
        Quantity("h", "(1 − z) ⊙ n + z ⊙ h", 64, (-0.39, 0.11, 0.62, -0.21, 0.05, -0.77)),
        Quantity("loss", "−log p(true)", 1, (0.031,)),
    ),
)
NEURONS = Neurons(
    step=2601,
    passage=1,
    layer=0,
    unit=24,
    low=-1.0,
    high=1.0,
    activation=tuple((int(digit) - 3.5) / 3.6 for digit in _EIGHTHS),
    heat=(
        *(UnitRow(unit, levels) for unit, levels in _HEAT),
        *(UnitRow(unit, _wave(unit)) for unit in range(UNITS) if unit not in dict(_HEAT)),
    )[:40],
    follows=FOLLOWS,
    ranked_at=2580,
    measured=3000,
    details=DETAILS,
)

WORDS = "the little fox said good morning to the 大きな hedgehog and walked incomprehensibilities"
WORD_PASSAGE = Passage(3, "prompt", 0, (*WORDS.split(), "home"), units=8, layers=2, cell="lstm")
WORD_NEURONS = Neurons(
    step=40,
    passage=3,
    layer=1,
    unit=3,
    low=-1.0,
    high=1.0,
    activation=(-0.9, -0.2, 0.4, 0.9, None, 0.1, 0.3, -0.5, 0.8, 0.7, -0.1, 0.0, 0.9),
    heat=(UnitRow(3, "0267 56189459"), UnitRow(0, "9876543210123")),
    follows=(Follows("next: and", 1, 3, 0.71, 0.31, 0.9, True),),
    ranked_at=40,
    measured=200,
)

# Sunspots, 1945 to 1988: the hidden layer of an rnn of 16 units.
SUNSPOTS = (
    33.1, 92.5, 151.5, 136.2, 134.7, 83.9, 69.4, 31.4, 13.9, 4.4, 38.0, 141.7, 190.2, 184.8, 159.0,
    112.3, 53.9, 37.6, 27.9, 10.2, 15.1, 47.0, 93.7, 105.9, 105.5, 104.5, 66.6, 68.9, 38.0, 34.5,
    15.5, 12.6, 27.5, 92.5, 155.4, 154.6, 140.4, 115.9, 66.6, 45.9, 17.9, 13.4, 29.3, 100.2,
)  # fmt: skip
VALUE_PASSAGE = Passage(
    2, "held-out", 245, rows=tuple((v,) for v in SUNSPOTS), units=16, layers=1, cell="rnn"
)


def _digits(values: tuple[float, ...]) -> str:
    low, high = min(values), max(values)
    return "".join(str(round(9 * (v - low) / (high - low))) for v in values)


VALUE_NEURONS = Neurons(
    step=22703,
    passage=2,
    layer=0,
    unit=3,
    low=-1.0,
    high=1.0,
    activation=tuple(v / 100 - 0.95 for v in SUNSPOTS),
    heat=(
        UnitRow(3, _digits(SUNSPOTS)),
        UnitRow(11, _digits((0.0, 0.0, *SUNSPOTS[:-2]))),
        UnitRow(7, _digits(tuple(-v for v in SUNSPOTS))),
    ),
    follows=(
        Follows("value", 0, 3, 0.97, 0.88, 1.0, False),
        Follows("value 2 steps ago", 0, 11, 0.93, 0.61, 1.0, True),
        Follows("change", 0, 7, 0.81, 0.44, 0.99, True),
    ),
    ranked_at=22703,
    measured=60,
)
