"""What must hold for every view: its size, its text, and that any numbers can be drawn."""

from __future__ import annotations

from hypothesis import strategies as st

from rnntui.protocol import insight as messages
from tests.support.drawing import floats, words

view_widths = st.one_of(st.integers(1, 210), st.sampled_from([60, 80, 100, 120, 150, 200]))
view_heights = st.one_of(st.integers(0, 62), st.sampled_from([10, 19, 35, 54]))
finite_floats = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10**9)
places = st.integers(-1, 60)


def tuples_of(values: st.SearchStrategy[object], most: int = 4) -> st.SearchStrategy[object]:
    """Tuples of up to `most` values."""
    return st.lists(values, max_size=most).map(tuple)


def repeated(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Up to 60 values, but few different ones, which is quick."""
    return st.builds(
        lambda some, times: tuple((some * times)[:60]),
        st.lists(values, max_size=5),
        st.integers(1, 20),
    )


number_tuples = repeated(floats)
passages = st.builds(
    messages.Passage,
    id=counts,
    source=st.sampled_from(["held-out", "training", "prompt"]),
    first=counts,
    tokens=repeated(words),
    rows=repeated(tuples_of(floats, 3)),
    units=st.integers(0, 2000),
    layers=st.integers(0, 9),
    cell=words,
)
details = st.builds(
    messages.Details,
    at=places,
    quantities=tuples_of(st.builds(
        messages.Quantity, name=words, formula=words, size=counts, values=number_tuples
    ), 5),
)  # fmt: skip
neurons = st.builds(
    messages.Neurons,
    step=counts,
    passage=counts,
    layer=st.integers(0, 9),
    unit=st.integers(0, 2000),
    low=finite_floats,
    high=finite_floats,
    activation=number_tuples,
    heat=tuples_of(st.builds(
        messages.UnitRow, unit=st.integers(0, 2000), levels=st.text("059 ", max_size=9)
    )),
    follows=tuples_of(st.builds(
        messages.Follows,
        feature=words,
        layer=st.integers(0, 9),
        unit=st.integers(0, 2000),
        r=st.floats(),
        untrained=st.floats(),
        all_units=st.floats(),
        found=st.booleans(),
    )),
    ranked_at=counts,
    measured=counts,
    details=st.none() | details,
)  # fmt: skip
findings = tuples_of(st.builds(
    messages.Finding,
    id=st.sampled_from(["a", "b", "c"]),
    since=counts,
    title=words,
    short=words,
    evidence=tuples_of(st.builds(messages.Evidence, name=words, value=floats), 6),
    advice=words,
    fix=tuples_of(st.builds(messages.Setting, key=words, value=words), 3),
    key=st.sampled_from(["", "m", "[", "]"]),
), 4)  # fmt: skip
healths = st.builds(
    messages.Health,
    step=counts,
    signs=tuples_of(st.builds(
        messages.Sign,
        id=words,
        name=words,
        now=words,
        bins=number_tuples,
        usual=words,
        meaning=words,
        unusual=st.booleans(),
    ), 9),
    tensors=tuples_of(st.builds(
        messages.Tensor, name=words, meaning=words, gradient=floats, update=floats
    )),
    absent=repeated(words),
    dismissed=tuples_of(st.sampled_from(["a", "b", "c"]), 2),
    check=st.none() | st.builds(
        messages.GradientCheck, step=counts, passed=st.booleans(), text=words
    ),
)  # fmt: skip
races = st.builds(
    messages.Race,
    key=words,
    total=counts,
    lanes=tuples_of(st.builds(
        messages.Lane,
        name=words,
        tokens=number_tuples,
        loss=number_tuples,
        updates=counts,
        seconds=st.floats(),
        correct=tuples_of(floats, 8),
    ), 4),
    distances=tuples_of(words, 8),
    chance=floats,
    floor=floats,
    running=st.booleans(),
)  # fmt: skip
rate_tests = st.builds(
    messages.RateTest,
    rates=number_tuples,
    losses=number_tuples,
    now=st.floats(),
    best=floats,
    least_diverging=floats,
    running=st.booleans(),
)
experiments = st.builds(
    messages.Experiments,
    step=counts,
    race=st.none() | races,
    rate_test=st.none() | rate_tests,
    runs=tuples_of(words, 3),
    activity=words,
)
