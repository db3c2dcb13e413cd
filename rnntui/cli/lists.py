"""Lists of recipes and corpora, one per line."""

from __future__ import annotations

from rnntui.cli.options import DEFAULT
from rnntui.data.corpus import CorpusInfo, catalogue
from rnntui.recipe import bundled, from_toml, load_recipe, to_toml
from rnntui.text import safe_text


def recipe_lines() -> list[str]:
    """List the name and title of every bundled recipe, the default first."""
    texts = bundled()
    names = sorted(texts, key=lambda name: (name != DEFAULT, name))
    width = max(map(len, names))
    return [f"{name:<{width}}  {from_toml(texts[name], name).summary}" for name in names]


def recipe_text(name: str) -> str:
    """Return a recipe as TOML with every key. Raises UsageError for an unknown name."""
    return to_toml(load_recipe(name)).rstrip("\n")


def corpus_lines() -> list[str]:
    """List every corpus: name, kind, size, description and source."""
    corpora = catalogue()
    name = max(len(corpus.name) for corpus in corpora)
    size = max(len(corpus.size) for corpus in corpora)
    return [
        f"{corpus.name:<{name}}  {corpus.kind:<6}  {corpus.size:>{size}}  {_description(corpus)}"
        for corpus in corpora
    ]


def _description(corpus: CorpusInfo) -> str:
    unit = "nats per character" if corpus.kind == "text" else "½ squared error per row"
    floor = f"; floor {corpus.floor:.4g} {unit}" if corpus.floor is not None else ""
    return f"{safe_text(corpus.description)} ({safe_text(corpus.source)}{floor})"
