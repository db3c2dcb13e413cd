"""Messages of the view of guesses: characters of tales, words, and sunspots."""

from __future__ import annotations

import math

from rnntui.protocol.insight import (
    Choice,
    Confusion,
    Details,
    Guesses,
    Kind,
    Passage,
    Quantity,
    Reliability,
    ValueGuesses,
)

_BARS = " ▁▂▃▄▅▆▇█"
_TEXT = (
    "r that. They throw you a↵rope, and you hold it. You could wait here with me. I should be very↵"
    'proud."↵↵So'
)
_RANKED = (
    'r␣thet␣"Ihey␣shaeunyou␣hrpowe␣␣and␣tou␣haue␣tn␣␣Iou␣wauld␣nesteoar␣␣tith␣ty␣"Ithaauld␣se␣tery␣'
    'suopt␣␣↵↵"o',
    'u↵yoay↵␣Toa␣.coeow␣wearsmsia.."ws␣↵sewraeml.it."Tewrsomtl↵siyr.te␣.dahleeha.␣S␣cholse↵nyeaiie↵'
    'tliule"␣"Th',
    'o.iwin.↵"uir,wiiym,saw.anbaop,↵styoham.tivd,os↵↵Siv.crlst,bhtk␣iiae.ias␣↵ai,↵Tnwmeotl,hotloei.'
    "weemg.↵I␣↵a",
    "t,oirs??Swon↵taoup.iim?dsletss.i␣geiit?sosfeyf,.Hum↵mhans.tall,aom,sfenlioey.Hfdoi␣g␣.talwayc,"
    "↵aanp,,YAIe",
    "lsaeoi,,Hlu↵?arrinsmso↵tlcuulr,trt.o␣␣,wu␣i↵al?,Yai,hlor␣shordswusr,pomt.for,W↵stuprsrbrfnuar'"
    "liutss.HISi",
)
_PROBABILITY = (
    "▄▇▂█▁█▁▃▂██▃█▁▅▁▃▂▃▂▇█▅▁▁▁▆▁▆▁▆▅▇██▁██▅▂▁▁▂▅▂▃▂▄▁██▇▁▃▂▇██▁▂▁▄▁▁▃▅▁▃▁▃▇██▁▂▃▃▂▂▁▂▃▇▆▇█▁▄▂▁▇█▇▁▁"
    "▁▄▂▁▁▂██▁▃"
)
PASSAGE = Passage(1, "held-out", 5120, tokens=tuple(_TEXT), units=128, layers=1, cell="gru")
_AT = _TEXT.index("rope,") + len("rope,")
DETAILS = Details(
    _AT,
    (
        Quantity("input x", "one-hot of the token before", 53, (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)),
        Quantity("update z", "σ(W_z x + U_z h[t−1] + b_z)", 128, (0.71, 0.04, 0.98, 0.33, 0.52)),
        Quantity("hidden state h", "(1 − z) ⊙ n + z ⊙ h[t−1]", 128, (-0.41, 0.93, 0.12, -0.88)),
        Quantity("loss", "−ln p(true)", 1, (0.321,)),
    ),
)
GUESSES = Guesses(
    step=1000,
    passage=1,
    loss=1.47,
    right=0.52,
    ranked=tuple(tuple(row.replace("␣", " ")) for row in _RANKED),
    probability=tuple(
        0.725 if n == _AT else _BARS.index(char) / 8 - 0.04 for n, char in enumerate(_PROBABILITY)
    ),
    at=_AT,
    choices=(
        Choice(" ", 0.725),
        Choice('"', 0.203),
        Choice("↵", 0.070),
        Choice(".", 0.001),
        Choice("a", 0.0004),
    ),
    rest=0.0006,
    kinds=(
        Kind("later letters of a word", 1.38, 0.31, 2310),
        Kind("first letter of a word", 2.59, 0.31, 1240),
        Kind("second letter", 1.32, 0.17, 1100),
        Kind(". , ; : ! ?", 2.60, 0.06, 260),
        Kind("space", 0.49, 0.06, 1260),
        Kind("capital", 2.87, 0.05, 180),
        Kind("newline", 1.55, 0.03, 150),
        Kind('"', 0.85, 0.01, 120),
    ),
    confusions=(
        Confusion("a", "e", 64),
        Confusion("↵", " ", 52),
        Confusion("o", "e", 41),
        Confusion("i", "a", 38),
        Confusion(",", " ", 33),
        Confusion("s", "t", 27),
        Confusion("w", "t", 21),
        Confusion("T", '"', 19),
        Confusion(" ", "s", 14),
        Confusion("m", "h", 11),
    ),
    calibration=(
        Reliability(0.24, 0.22, 410),
        Reliability(0.35, 0.33, 690),
        Reliability(0.55, 0.55, 720),
        Reliability(0.70, 0.71, 610),
        Reliability(0.90, 0.91, 880),
        Reliability(0.97, 0.97, 1900),
    ),
    measured=6144,
    details=DETAILS,
)

_WORDS = (
    "They throw you a rope , and you hold it . You could wait here with me . I should be very "
    "proud . ↵ So the extraordinarily old fisherman answered nothing and "
    "went 日本語 home , and e\u0301tude"
)
WORD_PASSAGE = Passage(2, "prompt", 0, tokens=tuple(_WORDS.split(" ")), units=64, layers=1)
_COUNT = len(WORD_PASSAGE.tokens)
WORD_GUESSES = Guesses(
    step=412,
    passage=2,
    loss=4.21,
    right=0.2,
    ranked=tuple(
        tuple(
            WORD_PASSAGE.tokens[n]
            if (n + rank) % 5 == 0
            else ("the", "and", "said", ",", "to")[rank]
            for n in range(_COUNT)
        )
        for rank in range(5)
    ),
    probability=tuple((7 * n % 11) / 12 for n in range(_COUNT)),
    at=_COUNT - 4,
    choices=(Choice("the", 0.21), Choice("to", 0.11), Choice("home", 0.08)),
    rest=0.60,
    kinds=(Kind("frequent word", 3.1, 0.4, 700), Kind("rare word", 7.2, 0.6, 410)),
    confusions=(Confusion("said", "the", 12), Confusion("and", ",", 9)),
    calibration=(Reliability(0.2, 0.12, 800), Reliability(0.8, 0.55, 200)),
    measured=1110,
)

YEARS = 100
_SUNSPOTS = tuple(
    round(max(0.0, 70 - 75 * math.cos(2 * math.pi * (n - 1) / 11) + 25 * math.sin(n / 9)), 1)
    for n in range(YEARS)
)
VALUE_PASSAGE = Passage(
    4,
    "held-out",
    210,
    rows=tuple((value, value / 7 - 3) for value in _SUNSPOTS),
    units=16,
    layers=1,
    cell="rnn",
)
FEATURES = ("sunspots", "flux")
VALUE_GUESSES = ValueGuesses(
    step=22_703,
    passage=4,
    loss=0.0487,
    naive=0.183,
    predicted=tuple(
        (value + 14 * math.sin(1.7 * n), value / 7 - 3 + math.cos(n))
        for n, value in enumerate(_SUNSPOTS)
    ),
    at=71,
    kinds=(
        Kind("high third", 0.081, 0.555, 33),
        Kind("middle third", 0.041, 0.281, 33),
        Kind("low third", 0.024, 0.164, 33),
        Kind("falling", 0.041, 0.374, 44),
        Kind("turning", 0.099, 0.370, 18),
        Kind("rising", 0.033, 0.256, 37),
    ),
    measured=99,
)
