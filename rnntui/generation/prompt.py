"""What a network can take of a prompt: characters its vocabulary lacks are dropped and reported."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from rnntui.data import Dataset, TokenData
from rnntui.data.tokenizer import Tokenizer
from rnntui.dataclass import dataclass
from rnntui.text import safe_text

MOST_NAMED = 10  # characters in a warning
_MEDIAL_JAMO = ("\u1160", "\u11ff")  # parts of a Hangul syllable that follow its first


@dataclass(frozen=True)
class FittedPrompt:
    """The part of a prompt that is used, and a warning in one safe line if that is not all of it.

    For a forecast it is the prompt itself.
    """

    text: str
    warning: str = ""


def fit_prompt(data: Dataset, prompt: str) -> FittedPrompt:
    """Keep what the vocabulary has; the same character in another Unicode form counts as known."""
    if not isinstance(data, TokenData) or not data.tokenizer.unknown(prompt):
        return FittedPrompt(prompt)
    kept: list[str] = []
    missing: list[str] = []
    changed: list[str] = []
    for cluster in _clusters(prompt):
        same = _known_form(data.tokenizer, cluster)
        if same is not None:
            kept.append(same)
            changed += [cluster] * (same != cluster)
            continue
        unknown = data.tokenizer.unknown(cluster)
        kept.append("".join(char for char in cluster if char not in unknown))
        missing += unknown
    text = "".join(kept)
    return FittedPrompt(text, _warning(text, missing, changed))


def _clusters(text: str) -> Iterator[str]:
    """Each character with the combining ones that follow it."""
    start = 0
    for at, char in enumerate(text):
        if at and not _combines(char):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _combines(char: str) -> bool:
    first, last = _MEDIAL_JAMO
    return unicodedata.category(char)[0] == "M" or first <= char <= last


def _known_form(tokenizer: Tokenizer, cluster: str) -> str | None:
    """The cluster, or a canonical equivalent, that the vocabulary has in full."""
    forms = (cluster, *(unicodedata.normalize(form, cluster) for form in ("NFC", "NFD")))
    return next((form for form in forms if not tokenizer.unknown(form)), None)


def _warning(text: str, missing: list[str], changed: list[str]) -> str:
    if missing and not text:
        return f"prompt ignored (not in the vocabulary: {_named(missing)}); starting from scratch"
    words = []
    if missing:
        words.append(f"ignored (not in the vocabulary): {_named(missing)}")
    if changed:
        words.append(f"in the Unicode form the vocabulary has: {_named(changed)}")
    return "; ".join(words)


def _named(characters: list[str]) -> str:
    """A few of the characters, each once, safe to show."""
    once = list(dict.fromkeys(characters))
    named = " ".join(safe_text(char)[:20] for char in once[:MOST_NAMED])
    return named + (" …" if once[MOST_NAMED:] else "")
