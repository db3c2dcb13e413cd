"""Writing: the choice of tokens, the single-step path, prompts and forecasts."""

from __future__ import annotations

import dataclasses
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.generation.generate import Generator, values_before
from rnntui.nn.model import named_parameters
from rnntui.nn.sampling import Chooser, EachChooser, Stepper, probabilities
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.training.loop import finish, start, train, writer, writers
from tests.support.plain import kind_settings, outputs, token_data, value_data

TEXT = Recipe().replace(source="text:the cat sat on the mat\n", repeat=20, split=0.0, hidden=6)


def softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


def trained(recipe, steps=3):
    recipe = recipe.replace(steps=steps, batch=2, seq_len=5)
    data = load(recipe)
    state = start(recipe, data)
    for _ in train(recipe, data, state):
        pass
    return recipe, data, state


@settings(deadline=None)
@given(st.integers(1, 90), st.floats(0.1, 40), st.floats(0.05, 9), st.integers(0, 2**32 - 1))
def test_tokens_are_drawn_as_numpy_draws_them(vocab, scale, temperature, seed):
    logits = np.random.RandomState(1).randn(20, vocab) * scale
    chooser = Chooser(vocab, np.random.RandomState(seed))
    ours = [chooser.choose(row, SamplingSettings(temperature)) for row in logits]
    random = np.random.RandomState(seed)
    assert ours == [random.choice(vocab, p=softmax(row / temperature)) for row in logits]


def test_greedy_takes_the_most_probable_and_no_random_number():
    random = np.random.RandomState(3)
    chooser = Chooser(5, random)
    assert chooser.choose(np.array([0.0, 3.0, 2.0, 3.0, -1.0]), SamplingSettings(greedy=True)) == 1
    assert random.random_sample() == np.random.RandomState(3).random_sample()


@settings(deadline=None)
@given(
    logits=st.lists(st.floats(-9, 9), min_size=1, max_size=12),
    top_k=st.integers(0, 14),
    top_p=st.floats(0.01, 1.0),
    seed=st.integers(0, 99),
)
def test_tokens_come_from_the_likeliest_only(logits, top_k, top_p, seed):
    logits = np.array(logits)
    p = softmax(logits)
    chooser = Chooser(len(p), np.random.RandomState(seed))
    chosen = {chooser.choose(logits, SamplingSettings(top_k=top_k, top_p=top_p)) for _ in range(30)}
    among = np.sort(p)[::-1][: top_k or None]
    fewest = int((np.cumsum(among) < top_p * among.sum() * (1 - 1e-12)).sum()) + 1
    least = among[min(fewest, len(among)) - 1]
    assert all(p[token] >= least * (1 - 1e-9) for token in chosen)


def test_the_shares_within_the_likeliest_are_kept():
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3]))
    chooser = Chooser(4, np.random.RandomState(0))
    counts = np.bincount(
        [chooser.choose(logits, SamplingSettings(top_k=3, top_p=0.7)) for _ in range(4000)]
    )
    assert counts / 4000 == pytest.approx([0, 4 / 7, 0, 3 / 7], abs=0.03)


def test_one_likeliest_is_greedy():
    _, data, state = trained(TEXT)
    want = list(islice(writer(state, data, "the ", SamplingSettings(greedy=True)), 20))
    state.sampling = SamplingSettings(top_k=1)
    assert list(islice(writer(state, data, "the "), 20)) == want


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("top_k", "top_p"), [(2, 1.0), (0, 0.5), (3, 0.5)])
def test_logits_that_are_not_finite_still_give_one_of_the_likeliest(bad, top_k, top_p):
    chooser = Chooser(4, np.random.RandomState(0))
    with np.errstate(all="ignore"):
        for logits in (np.full(4, bad), np.array([bad, 0.0, 1.0, 2.0])):
            assert 0 <= chooser.choose(logits, SamplingSettings(top_k=top_k, top_p=top_p)) < 4


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_still_give_a_token(bad):
    chooser = Chooser(4, np.random.RandomState(0))
    with np.errstate(all="ignore"):
        for logits in (np.full(4, bad), np.array([bad, 0.0, 1.0, 2.0])):
            assert 0 <= chooser.choose(logits, SamplingSettings()) < 4
            assert 0 <= chooser.choose(logits, SamplingSettings(0.5, greedy=True)) < 4


@pytest.mark.parametrize("kind", ["tanh", "relu", "sigmoid", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("task", ["tokens", "values"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_single_steps_are_the_network(kind, layers, task, dtype):
    rng = np.random.default_rng(4)
    data = (
        token_data(rng.integers(0, 5, 50), 5)
        if task == "tokens"
        else value_data(rng.normal(size=(50, 2)))
    )
    recipe = Recipe().replace(
        task=task, layers=layers, hidden=7, dtype=dtype, batch=1, seq_len=4, **kind_settings(kind)
    )
    state = start(recipe, data)
    state.parameters.flat += rng.normal(scale=0.1, size=state.parameters.flat.size)
    source = data.tokens if task == "tokens" else data.values
    hidden = rng.normal(size=(layers, state.parameters.shape.parts, 7))
    want, after = outputs(named_parameters(state.parameters), kind, source[:9], hidden)
    for fixed in (False, True):
        stepper = Stepper(state.parameters, fixed=fixed)
        stepper.hidden[:] = hidden
        for x, y in zip(source[:9], want, strict=True):
            stepper.advance(x)
            assert stepper.predict() == pytest.approx(y, abs=1e-5 if dtype == "float32" else 1e-12)
        assert stepper.hidden == pytest.approx(after, abs=1e-5)


def test_a_network_that_learns_no_more_writes_the_same():
    _, data, state = trained(TEXT.replace(cell="gru", layers=2))
    author = Generator(
        parameters=state.parameters,
        prompt_random=np.random.RandomState(1),
    )
    live = writer(state, data, "the ", rng=np.random.RandomState(1))
    assert list(islice(live, 60)) == list(islice(writer(author, data, "the "), 60))


def test_the_writer_goes_on_from_its_prompt_as_the_network_does():
    _, data, state = trained(TEXT.replace(dtype="float64"))
    text = "".join(
        islice(
            writer(state, data, "the c", SamplingSettings(0.7), rng=np.random.RandomState(5)), 40
        )
    )
    named, random = named_parameters(state.parameters), np.random.RandomState(5)
    tokens = data.tokenizer.encode("the c").astype(int).tolist()
    for _ in range(40):
        rows, _ = outputs(named, "tanh", np.array(tokens), np.zeros((1, 6)))
        tokens.append(random.choice(data.tokenizer.vocab_size, p=softmax(rows[-1] / 0.7)))
    assert "the c" + text == data.tokenizer.decode(tokens)


def test_each_part_is_written_with_the_weights_of_its_moment():
    _, data, state = trained(TEXT)
    parts = writer(state, data, "the ")
    next(parts)
    for letter in "cat":
        state.parameters.tensors["by"][...] = 0
        state.parameters.tensors["by"][data.tokenizer.encode(letter)[0]] = 1e3
        assert next(parts) == letter


def test_the_temperature_follows_the_state_unless_it_is_given():
    _, data, state = trained(TEXT)
    state.sampling = SamplingSettings(1e-9)
    free, fixed = writer(state, data, "the "), writer(state, data, "the ", SamplingSettings(1e9))
    greedy = writer(state, data, "the ", SamplingSettings(greedy=True))
    assert list(islice(free, 30)) == list(islice(greedy, 30))
    state.sampling = SamplingSettings(1e9)
    assert len(set(islice(free, 300))) > 5
    assert len(set(islice(fixed, 300))) > 5


def test_a_prompt_without_known_characters_starts_a_line():
    _, data, state = trained(TEXT)
    texts = [
        list(islice(writer(state, data, prompt, rng=np.random.RandomState(2)), 30))
        for prompt in ("", "\n", "ß§")
    ]
    assert texts[0] == texts[1] == texts[2]
    mixed = list(islice(writer(state, data, "tßh§e", rng=np.random.RandomState(2)), 30))
    assert mixed == list(islice(writer(state, data, "the", rng=np.random.RandomState(2)), 30))


def test_a_text_without_lines_starts_with_its_most_frequent_token():
    recipe = TEXT.replace(source="text:abbbac")
    _, data, state = trained(recipe)
    texts = [
        list(islice(writer(state, data, prompt, rng=np.random.RandomState(2)), 30))
        for prompt in ("", "b")
    ]
    assert texts[0] == texts[1]


def test_bytes_of_an_unfinished_character_give_no_text():
    recipe = TEXT.replace(source="text:äöü", tokenizer="byte")
    _, data, state = trained(recipe)
    lead, rest = (data.tokenizer.encode("ä")[n] for n in (0, 1))
    by = state.parameters.tensors["by"]
    parts = writer(state, data, "ö")
    by[...] = -1e3
    by[lead] = 0
    assert next(parts) == ""
    by[...] = -1e3
    by[rest] = 0
    assert next(parts) == "ä"


def test_writing_leaves_training_alone():
    plain = trained(TEXT, steps=6)[2]
    recipe = TEXT.replace(steps=6, batch=2, seq_len=5)
    data = load(recipe)
    state = start(recipe, data)
    parts = writer(state, data, "the")
    for _ in train(recipe, data, state):
        list(islice(parts, 7))
    assert (plain.parameters.flat == state.parameters.flat).all()
    assert (plain.hidden == state.hidden).all()
    assert plain.sample_random.random_sample() == state.sample_random.random_sample()


def series(features, **scale):
    rng = np.random.default_rng(6)
    data = value_data(rng.normal(size=(40, features)), rng.normal(size=(5, features)), **scale)
    recipe = Recipe().replace(
        task="values", hidden=5, batch=1, seq_len=4, steps=3, dtype="float64", eval_every=0
    )
    state = start(recipe, data)
    for _ in train(recipe, data, state):
        pass
    return recipe, data, state


@pytest.mark.parametrize("features", [1, 3])
def test_a_forecast_feeds_on_itself_in_the_sources_units(features):
    _, data, state = series(features, mean=10.0, deviation=4.0)
    first = np.arange(2 * features) + 8.0
    forecast = list(islice(writer(state, data, ", ".join(map(str, first))), 4))
    named, rows = named_parameters(state.parameters), (first.reshape(2, features) - 10) / 4
    for values in forecast:
        want, _ = outputs(named, "tanh", rows, np.zeros((1, 5)))
        assert values == pytest.approx(tuple(want[-1] * 4 + 10))
        rows = np.concatenate([rows, want[-1:]])


def test_a_forecast_without_a_prompt_follows_the_end_of_the_source():
    _, data, state = series(1, mean=2.0)
    whole = np.concatenate([data.values, data.validation])[:, 0] + 2
    prompt = " ".join(repr(float(x)) for x in whole)
    assert np.array(list(islice(writer(state, data), 5))) == pytest.approx(
        np.array(list(islice(writer(state, data, prompt), 5)))
    )


@pytest.mark.parametrize("prompt", ["one", "1 2 x", "nan", "1e999", "\x1b[31m", "1,2,3,4"])
def test_a_prompt_that_is_no_numbers_is_refused_in_one_line(prompt):
    _, data, state = series(3)
    with pytest.raises(UsageError) as caught:
        writer(state, data, prompt)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 200


def test_samples_come_after_the_first_update_and_at_intervals():
    recipe = TEXT.replace(
        steps=9, batch=2, seq_len=5, sample_every=4, sample_length=12, prompt="the"
    )
    chunks = list(train(recipe))
    assert [c.step for c in chunks if c.sample is not None] == [1, 4, 8]
    assert {len(c.sample) for c in chunks if c.sample is not None} == {12}
    assert all(c.sample is None for c in train(recipe.replace(sample_every=0)))


def test_a_long_sample_lets_others_in_between():
    recipe = TEXT.replace(steps=1, batch=2, seq_len=5, sample_every=1, sample_length=1000)
    calls = []
    list(train(recipe, between=lambda: calls.append(1)))
    assert len(calls) == 10


def test_shared_random_numbers_are_those_after_the_weights():
    drawn = []
    for shared in ("shared", "own"):
        recipe = TEXT.replace(sample_random=shared, sample_every=5, sample_length=25)
        drawn.append(trained(recipe)[2].weights_random.get_state()[2])
        drawn.append(trained(recipe.replace(sample_every=0))[2].weights_random.get_state()[2])
    assert drawn[0] - drawn[1] == 50  # two words of the generator for each number of the sample
    assert drawn[1:] == [drawn[1]] * 3


@pytest.mark.parametrize("shared", ["shared", "own"])
def test_a_final_text_has_the_next_random_numbers_and_leaves_them_to_come(shared):
    recipe = TEXT.replace(sample_random=shared, final_length=25, prompt="the")
    recipe, data, state = trained(recipe)
    assert (state.sample_random is state.weights_random) == (shared == "shared")
    text = finish(recipe, data, state).generated
    assert finish(recipe, data, state).generated == text  # as if the run had not ended
    assert text == "the" + "".join(islice(writer(state, data, "the", rng=state.sample_random), 25))
    assert finish(recipe, data, state).generated != text


def test_no_final_text_where_none_is_wanted():
    recipe, data, state = trained(TEXT.replace(final_length=0))
    assert finish(recipe, data, state).generated is None


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
@pytest.mark.parametrize(("layers", "hidden"), [(1, 64), (2, 7)])
@pytest.mark.parametrize("task", ["tokens", "values"])
def test_streams_step_together_as_each_does_alone(kind, layers, hidden, task):
    rng = np.random.default_rng(7)
    data = token_data(rng.integers(0, 5, 50), 5)
    if task == "values":
        data = value_data(rng.normal(size=(50, 2)))
    recipe = Recipe().replace(
        task=task, layers=layers, hidden=hidden, dtype="float64", batch=1, seq_len=4,
        **kind_settings(kind)
    )  # fmt: skip
    parameters = start(recipe, data).parameters
    parameters.flat += rng.normal(scale=0.1, size=parameters.flat.size)
    source = data.tokens if task == "tokens" else data.values
    together, alone = Stepper(parameters, 3), [Stepper(parameters) for _ in range(3)]
    for t in range(6):
        inputs = source[[t, t + 9, t + 20]]
        together.advance(inputs)
        for stepper, x in zip(alone, inputs, strict=True):
            stepper.advance(x)
        want = np.array([stepper.predict().copy() for stepper in alone])
        assert together.predict() == pytest.approx(want, abs=1e-12)


@settings(deadline=None)
@given(
    streams=st.integers(2, 9),
    vocab=st.integers(1, 40),
    temperature=st.floats(0.05, 9),
    greedy=st.booleans(),
    top_k=st.integers(0, 45),
    top_p=st.sampled_from([0.2, 0.9, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_stream_draws_as_one_alone_would(
    streams, vocab, temperature, greedy, top_k, top_p, seed
):
    logits = np.random.RandomState(1).randn(5, streams, vocab) * 3
    each = EachChooser(streams, vocab, np.random.RandomState(seed))
    alone = Chooser(vocab, np.random.RandomState(seed))
    how = SamplingSettings(temperature, top_k, top_p, greedy)
    for rows in logits:
        want = [alone.choose(row, how) for row in rows]
        assert each.choose(rows, how).tolist() == want


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_streams_whose_logits_are_not_finite_still_get_tokens(bad):
    each = EachChooser(2, 4, np.random.RandomState(0))
    with np.errstate(all="ignore"):
        logits = np.array([[bad] * 4, [bad, 0.0, 1.0, 2.0]])
        for how in (
            SamplingSettings(),
            SamplingSettings(0.5, 2, 0.5),
            SamplingSettings(greedy=True),
        ):
            assert all(0 <= token < 4 for token in each.choose(logits, how))


def test_one_of_several_is_what_the_writer_gives():
    _, data, state = trained(TEXT)
    one = writers(state, data, 1, "the ", SamplingSettings(0.7), rng=np.random.RandomState(5))
    alone = writer(state, data, "the ", SamplingSettings(0.7), rng=np.random.RandomState(5))
    assert [piece for (piece,) in islice(one, 40)] == list(islice(alone, 40))


def test_several_texts_come_from_the_sampling_stream_alone():
    recipe = TEXT.replace(sample_every=2, sample_length=15, samples=3, final_length=20)
    runs = [trained(recipe, steps=5), trained(recipe, steps=5)]
    texts = [finish(*run).samples for run in runs]
    assert texts[0] == texts[1] and len(set(texts[0])) == 3
    assert {len(text) for text in texts[0]} == {20}
    assert (runs[0][2].parameters.flat == trained(TEXT, steps=5)[2].parameters.flat).all()
    chunks = [chunk.samples for chunk in train(recipe.replace(steps=3, batch=2, seq_len=5))]
    assert [len(samples) for samples in chunks] == [3, 3, 0]
    assert all(len(text) == 15 for text in chunks[1])


def test_several_samples_go_on_from_the_carried_state():
    recipe = TEXT.replace(sample_every=1, sample_length=8, sample_start="carried", greedy=True)
    one, three = (
        [chunk.samples for chunk in train(recipe.replace(steps=2, batch=2, seq_len=5, samples=n))]
        for n in (1, 3)
    )
    assert three == [(text,) * 3 for (text,) in one]


def test_a_forecast_cannot_be_wanted_several_times():
    with pytest.raises(UsageError, match="samples: only for task = tokens"):
        Recipe().replace(task="values", samples=2)


@pytest.mark.parametrize("difference", [False, True])
def test_the_values_before_a_forecast_are_the_sources_own(difference):
    own = [round(3 + 0.5 * n + (n % 5), 2) for n in range(60)]
    source = "values:" + ",".join(map(str, own))
    recipe = Recipe().replace(
        task="values", source=source, difference=difference, standardize=True, batch=1, seq_len=5
    )
    data = load(recipe)
    assert values_before("", data)[:, 0] == pytest.approx(own[-len(values_before("", data)) :])
    typed = values_before("4 5.5 7", data)[:, 0]
    assert typed == pytest.approx([5.5, 7] if difference else [4, 5.5, 7])


def test_the_settings_are_one_record_that_a_change_replaces() -> None:
    recipe = TEXT.replace(temperature=0.5, top_k=3, top_p=0.7, greedy=True, samples=2)
    before = SamplingSettings.of(recipe.sample)
    assert before == SamplingSettings(0.5, 3, 0.7, True, 2)
    generator = Generator(
        parameters=trained(TEXT)[2].parameters,
        prompt_random=np.random.RandomState(1),
        sampling=before,
    )
    generator.sampling = before.changed("temperature", 0.9)
    assert generator.sampling == SamplingSettings(0.9, 3, 0.7, True, 2)
    for field in dataclasses.fields(SamplingSettings):
        default = getattr(SamplingSettings(), field.name)
        generator.sampling = generator.sampling.changed(field.name, default)
    assert generator.sampling == SamplingSettings()
    assert before == SamplingSettings(0.5, 3, 0.7, True, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"temperature": 0.4},
        {"top_k": 2},
        {"top_p": 0.6},
        {"greedy": True},
        {"top_k": 3, "top_p": 0.8},
    ],
)
def test_the_probabilities_are_those_with_which_tokens_are_chosen(changes):
    logits = np.array([1.0, 2.0, 0.5, 2.5, -300.0], np.float32)
    settings = SamplingSettings(**changes)
    chooser = Chooser(5, np.random.RandomState(3))
    chosen = [chooser.choose(logits, settings) for _ in range(4000)]
    shares = np.bincount(chosen, minlength=5) / 4000
    expected = probabilities(logits, settings)
    assert expected.sum() == pytest.approx(1)
    assert shares == pytest.approx(expected, abs=0.03)
    assert (shares > 0).tolist() == (expected > 1e-6).tolist()
