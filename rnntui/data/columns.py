"""How the recipe key `columns` names the columns of a table: by name, by number, by range."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import groupby

from rnntui.data.source import show
from rnntui.errors import UsageError
from rnntui.text import safe_text

LONGEST_OPTION = 90  # characters; longer lists are written with numbers
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")


def pick(wanted: str, header: Sequence[str], name: str) -> list[int]:
    """The indices of the columns that `wanted` lists, separated by commas.

    A name comes before a number (from 1), and a number before a range such as 2-5. A name that
    contains a comma can be quoted as in CSV. Raises UsageError for a column that does not exist.
    """
    words = [word.strip() for word in wanted.split(",")]
    for spelling in (words, _unquoted(wanted), [wanted.strip()]):
        found = [_find(word, header) for word in spelling]
        if spelling and all(found):
            return [index for indices in found for index in indices]
    wrong = next(word for word in words if not _find(word, header))
    raise UsageError(f"{name}: no column '{show(wrong, 24)}'{_suggestion(wrong, header)}")


def option(
    indices: Iterable[int],
    header: Sequence[str],
    longest: int = LONGEST_OPTION,
    key: str = "columns",
) -> str:
    """The option that chooses these columns, ready for a shell; empty if it would be too long.

    It is written with names or, if these are longer than `longest` characters, with numbers.
    """
    indices = list(indices)
    names = [_name(index, header) for index in indices]
    numbers = _numbers(indices, header)
    for words in (names, numbers):
        spelled = "--set " + shlex.quote(f"{key}=" + ",".join(words))
        if words and all(words) and len(spelled) <= longest:
            return spelled
    return ""


def recall(features: Sequence[str], header: Sequence[str]) -> list[int]:
    """The columns that an earlier reading called `features`; empty if one of them is missing.

    Version 0.1.0 stored names cut to 24 characters.
    """
    found: list[int] = []
    for feature in features:
        for index, title in enumerate(header):
            if index not in found and feature in (title, show(title, 24)):
                found.append(index)
                break
        else:
            return []
    return found


def _unquoted(wanted: str) -> list[str]:
    try:
        return [w.strip() for row in csv.reader([wanted], skipinitialspace=True) for w in row]
    except csv.Error:
        return []


def _find(word: str, header: Sequence[str]) -> list[int]:
    if word in header:
        return [header.index(word)]
    if word.isdecimal() and 0 < int(word) <= len(header):
        return [int(word) - 1]
    between = _RANGE.fullmatch(word)
    if between is None:
        return []
    first, last = int(between[1]), int(between[2])
    return list(range(first - 1, last)) if 0 < first <= last <= len(header) else []


def _name(index: int, header: Sequence[str]) -> str:
    """The column's name if it can be typed and means this column, otherwise nothing."""
    name = header[index]
    typed = safe_text(name) == name == name.strip() and not set(name) & set(',"')
    return name if typed and header.index(name) == index else ""


def _numbers(indices: list[int], header: Sequence[str]) -> list[str]:
    """The columns as numbers and ranges; nothing if a number is another column's name."""
    words = []
    for _, group in groupby(enumerate(indices), lambda pair: pair[1] - pair[0]):
        run = [index + 1 for _, index in group]
        words += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(n) for n in run]
    return [] if set(words) & set(header) else words


def _suggestion(wrong: str, header: Sequence[str]) -> str:
    close = get_close_matches(wrong, header, n=1, cutoff=0.6)
    if close:
        shown = safe_text(close[0])
        meant = option([header.index(close[0])], header)
        if shown == close[0] and len(shown) <= LONGEST_OPTION:
            return f": did you mean '{shown}'?"
        return f": did you mean {meant}?" if meant else ""
    listed = ", ".join(map(safe_text, header))
    if len(listed) <= LONGEST_OPTION:
        return f": there is {listed}"
    return f": takes names, or numbers from 1 to {len(header)}"
