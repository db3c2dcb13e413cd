"""English-like sentences of a small probabilistic grammar in which verbs agree with their nouns.

The grammar is unambiguous: no two derivations give the same sentence, because a noun takes at most
one addition and every addition ends with a whole noun phrase or a verb. The entropy of a sentence
is therefore that of its derivation.
"""

from __future__ import annotations

import math
from bisect import bisect
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from rnntui.data.generated.task import TextTask, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

Choice = tuple[float, tuple[str, ...]]

SENTENCES = 30_000
START = "Sentence"

_NUMBERS = ("one", "many")
_DETERMINERS = {
    "one": "the:5 a:3 every:1 this:1",
    "many": "the:5 some:2 these:1 many:1 all:1",
}
_ADJECTIVES = "old:4 little:4 quiet:2 brave:2 grey:2 hungry:1 patient:1"
_NOUNS = {
    "one": "girl:3 boy:3 fox:2 river:2 keeper:2 boat:2 crow:1 baker:1 king:1 horse:1",
    "many": "girls:3 boys:3 foxes:2 rivers:2 keepers:2 boats:2 crows:1 bakers:1 kings:1 horses:1",
}
_PREPOSITIONS = "near:3 behind:2 with:2 under:1"
_TRANSITIVE = {
    "one": "sees:3 follows:2 hears:2 remembers:1 carries:1",
    "many": "see:3 follow:2 hear:2 remember:1 carry:1",
}
_INTRANSITIVE = {
    "one": "sleeps:3 waits:2 sings:2 returns:1 dances:1",
    "many": "sleep:3 wait:2 sing:2 return:1 dance:1",
}
_ADVERBS = "slowly:2 again:2 alone:1 gladly:1"


@cache
def rules() -> dict[str, tuple[Choice, ...]]:
    """What each name can become, with probabilities; every other symbol stands for itself."""
    table: dict[str, tuple[Choice, ...]] = {
        START: tuple((0.5, (f"First-{n}", f"Verbs-{n}", ".\n")) for n in _NUMBERS),
        "Phrase": tuple((0.5, (f"Phrase-{n}",)) for n in _NUMBERS),
        "Adjectives": _choices({"": 0.6, "Adjective": 0.4}),
        "Adjective": _words(_ADJECTIVES),
        "Preposition": _words(_PREPOSITIONS),
        "Adverbs": _choices({"": 0.7, "Adverb": 0.3}),
        "Adverb": _words(_ADVERBS),
    }
    for n in _NUMBERS:
        rest = f"Adjectives Noun-{n} Addition-{n}"
        table[f"First-{n}"] = _choices({f"Capital-{n} {rest}": 1.0})
        table[f"Phrase-{n}"] = _choices({f"Determiner-{n} {rest}": 1.0})
        table[f"Capital-{n}"] = _words(_DETERMINERS[n].title(), before="")
        table[f"Determiner-{n}"] = _words(_DETERMINERS[n])
        table[f"Noun-{n}"] = _words(_NOUNS[n])
        table[f"Addition-{n}"] = (
            (0.7, ()),
            (0.16, ("Preposition", "Phrase")),
            (0.07, (" that", f"Transitive-{n}", "Phrase")),
            *((0.035, (" that", f"Phrase-{m}", f"Transitive-{m}")) for m in _NUMBERS),
        )
        table[f"Verbs-{n}"] = _choices(
            {f"Intransitive-{n} Adverbs": 0.45, f"Transitive-{n} Phrase": 0.55}
        )
        table[f"Transitive-{n}"] = _words(_TRANSITIVE[n])
        table[f"Intransitive-{n}"] = _words(_INTRANSITIVE[n])
    return table


def text(random: RandomState, length: float | None = None) -> str:
    """The corpus: sentences, one a line; or another of about `length` characters."""
    count = SENTENCES if length is None else lines_in(length, _expected()[START][1])
    table = {name: _drawable(choices) for name, choices in rules().items()}
    draws: list[float] = []
    parts: list[str] = []
    for _ in range(count):
        stack = [START]
        while stack:
            symbol = stack.pop()
            if symbol not in table:
                parts.append(symbol)
                continue
            if not draws:
                draws = random.random_sample(4096).tolist()
            bounds, reversed_bodies = table[symbol]
            stack += reversed_bodies[bisect(bounds, draws.pop())]
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return SENTENCES * _expected()[START][1]


def floor() -> float:
    """The entropy rate in nats per character: that of a sentence over its mean length.

    Sentences are independent, a newline ends each, and each has one derivation, so the rate of the
    characters is exactly this (renewal-reward theorem).
    """
    entropy, length = _expected()[START]
    return entropy / length


@cache
def _expected() -> dict[str, tuple[float, float]]:
    """The entropy (nats) and mean length of what each name becomes.

    Both solve H(A) = sum over rules of p (-ln p + sum of H over the body), and likewise for the
    length; iterating from zero converges because a derivation ends with probability one.
    """
    found = dict.fromkeys(rules(), (0.0, 0.0))
    while True:
        better = {name: _once(choices, found) for name, choices in rules().items()}
        change = max(abs(better[n][i] - found[n][i]) for n in found for i in (0, 1))
        found = better
        if change < 1e-13:
            return found


def _once(
    choices: tuple[Choice, ...], found: dict[str, tuple[float, float]]
) -> tuple[float, float]:
    entropy = length = 0.0
    for p, body in choices:
        entropy += p * (-math.log(p) + sum(found[s][0] for s in body if s in found))
        length += p * sum(found[s][1] if s in found else len(s) for s in body)
    return entropy, length


def _choices(bodies: dict[str, float]) -> tuple[Choice, ...]:
    """Rules from their bodies: names separated by spaces."""
    return tuple((p, tuple(body.split())) for body, p in bodies.items())


def _words(weighted: str, before: str = " ") -> tuple[Choice, ...]:
    """Rules for words given as `word:weight`, each written with `before` in front."""
    pairs = [entry.split(":") for entry in weighted.split()]
    total = sum(float(weight) for _, weight in pairs)
    return tuple((float(weight) / total, (before + word,)) for word, weight in pairs)


def _drawable(choices: tuple[Choice, ...]) -> tuple[list[float], list[tuple[str, ...]]]:
    """Upper bounds of all choices but the last, and the bodies, last symbol first for a stack."""
    bounds = list(accumulate(p for p, _ in choices[:-1]))
    return bounds, [body[::-1] for _, body in choices]


TASK = TextTask(
    name="grammar",
    description="English-like sentences of a small grammar",
    shows="A verb agrees with its noun across the words between them.",
    text=text,
    characters=characters,
    floor=floor,
)
