"""The lists of what comes with the program, a line each."""

from __future__ import annotations

from rnntui.data.corpus import CorpusInfo, catalogue
from rnntui.options import DEFAULT
from rnntui.recipe import Recipe, bundled, from_toml, load_recipe, to_toml
from rnntui.text import safe_text


def recipe_lines() -> list[str]:
    """Name and title of every bundled recipe, the default one first."""
    texts = bundled()
    names = sorted(texts, key=lambda name: (name != DEFAULT, name))
    width = max(map(len, names))
    return [f"{name:<{width}}  {title_of(from_toml(texts[name], name))}" for name in names]


def title_of(recipe: Recipe) -> str:
    """A recipe's title, safe to show beside its name: without the name in front."""
    return safe_text(recipe.title.removeprefix(f"{recipe.name}: "))


def recipe_text(name: str) -> str:
    """A recipe as TOML with every key. Raises UsageError for a name that is none."""
    return to_toml(load_recipe(name)).rstrip("\n")


def corpus_lines() -> list[str]:
    """Every corpus: its name, kind, size, what it is and where it is from."""
    corpora = catalogue()
    name = max(len(corpus.name) for corpus in corpora)
    size = max(len(corpus.size) for corpus in corpora)
    return [
        f"{corpus.name:<{name}}  {corpus.kind:<6}  {corpus.size:>{size}}  {_what(corpus)}"
        for corpus in corpora
    ]


def _what(corpus: CorpusInfo) -> str:
    floor = f"; floor {corpus.floor:.4g} nats per character" if corpus.floor is not None else ""
    return f"{safe_text(corpus.description)} ({safe_text(corpus.source)}{floor})"
