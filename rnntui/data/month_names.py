"""Names of months, of three months, and of weekdays, as tables have them, in several languages.

`MONTH` and `WEEKDAY` are regular expressions of them, for text whose case is ignored.
"""

from __future__ import annotations

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ENGLISH_MONTH = "|".join(f"{m[:3]}(?:{m[3:]})?" if len(m) > 3 else m for m in MONTHS).replace(
    "sep(?:tember)?", "sep(?:t(?:ember)?)?"
)
_GERMAN = (
    "januar|jänner|februar|märz?|maerz|mrz|mai|juni|juli|oktober|okt|dezember|dez"  # if others
)
OLDER_MONTH = f"{_GERMAN}|{ENGLISH_MONTH}"
_OTHER_MONTHS = (  # French, Spanish, Italian, Portuguese, Dutch, Swedish
    ("janvier", "janv", "enero", "ene", "gennaio", "gen", "janeiro", "januari"),
    (
        "février",
        "fevrier",
        "févr",
        "fevr",
        "fév",
        "fev",
        "febrero",
        "febbraio",
        "fevereiro",
        "februari",
    ),
    ("mars", "marzo", "março", "marco", "maart", "mrt"),
    ("avril", "avr", "abril", "abr", "aprile"),
    ("mai", "mayo", "maggio", "mag", "maio", "mei", "maj"),
    ("juin", "junio", "giugno", "giu", "junho"),
    ("juillet", "juil", "julio", "luglio", "lug", "julho"),
    ("août", "aout", "aoû", "agosto", "ago", "augustus", "augusti"),
    ("septiembre", "setiembre", "settembre", "set", "setembro", "septembre"),
    ("octobre", "octubre", "ottobre", "ott", "outubro", "out"),
    ("noviembre", "novembre", "novembro"),
    ("décembre", "decembre", "déc", "diciembre", "dicembre", "dic", "dezembro"),
)
_LONGEST_FIRST = sorted((name for names in _OTHER_MONTHS for name in names), key=len, reverse=True)
MONTH = f"(?:{'|'.join(_LONGEST_FIRST)}|{OLDER_MONTH})" + r"\.?"
MONTH_NUMBERS = {
    **{name[:3]: number for number, name in enumerate(MONTHS, 1)},
    "jän": 1,
    "mär": 3,
    "mae": 3,
    "mrz": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
}
_NAMES_OF_MONTHS = {
    **{name: number for number, names in enumerate(_OTHER_MONTHS, 1) for name in names},
    **MONTH_NUMBERS,
}
TRIMESTERS = {  # of which the middle month counts
    name: number
    for number, name in enumerate(
        (
            *("djf", "jfm", "fma", "mam", "amj", "mjj"),
            *("jja", "jas", "aso", "son", "ond", "ndj"),
        ),
        1,
    )
}
WEEKDAY = "|".join(f"{d[:3]}(?:{d[3:]})?" for d in WEEKDAYS)


def month_number(word: str) -> int:
    """The month that a word names; 0 if it names none."""
    word = word.strip().rstrip(".").lower()
    return _NAMES_OF_MONTHS.get(word) or MONTH_NUMBERS.get(word[:3], 0)
