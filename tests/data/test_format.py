"""Files that are neither text nor a table: each gets one sentence on what to do."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import TokenData, load, source
from rnntui.data.format import find_format
from rnntui.errors import DataError
from rnntui.recipe import Recipe

TEXT = b"the quick brown fox jumps over the lazy dog\n" * 40


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, TEXT)
    return buffer.getvalue()


def tarred(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:
        about = tarfile.TarInfo("fox.txt")
        about.size = len(TEXT)
        file.addfile(about, io.BytesIO(TEXT))
    return buffer.getvalue()


def arrays() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.arange(9.0))
    return buffer.getvalue()


def array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(9.0))
    return buffer.getvalue()


def database() -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as found:
        found.execute("create table a (b)")
        return found.serialize()


FILES: dict[str, tuple[bytes, str]] = {
    "fox.txt.gz": (gzip.compress(TEXT), "is gzip-compressed: unpack it first (gunzip -k "),
    "fox.txt.bz2": (bz2.compress(TEXT), "is bzip2-compressed: unpack it first (bunzip2 -k "),
    "fox.txt.xz": (lzma.compress(TEXT), "is xz-compressed: unpack it first (unxz -k "),
    "fox.lzma": (lzma.compress(TEXT, lzma.FORMAT_ALONE), "is lzma-compressed: "),
    "fox.zst": (b"\x28\xb5\x2f\xfd\x04\x00" + bytes(range(256)), "is zstd-compressed: "),
    "fox.zip": (zipped("fox.txt"), "is a zip archive: unpack it first (unzip "),
    "fox.tar": (tarred("w"), "is a tar archive: unpack it first (tar -xf "),
    "fox.tar.gz": (tarred("w:gz"), "is gzip-compressed: "),
    "fox.npz": (arrays(), "is a .npz archive: save one array with numpy.save as .npy"),
    "fox.xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook: save "),
    "fox.docx": (zipped("_rels/.rels", "word/document.xml"), "is a Word document: export its text"),
    "fox.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "is an old Office file"),
    "fox.parquet": (b"PAR1\x15\x04\x00\xff" * 9, "is a Parquet table: export the table"),
    "fox.h5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file: save the numbers"),
    "fox.sqlite": (database(), "is an SQLite database: export the table"),
    "fox.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + TEXT, "is a PDF: extract its text first"),
    "fox.pickle": (pickle.dumps(list(range(99)), 5), "is a Python pickle: save the numbers"),
    "fox.png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is an image: "),
    "fox.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "is an image: "),
    "fox.mp3": (b"ID3\x04\0\0\0\0" + b"\xff\xfb" * 99, "is audio or video: "),
    "fox.wav": (b"RIFF\x00\xff\0\0WAVEfmt ", "is audio or video: "),
}


def recipe(path: object, **changes: object) -> Recipe:
    return Recipe().replace(**{"source": str(path), "batch": 1, "seq_len": 1, **changes})


@pytest.mark.parametrize("task", ["tokens", "values"])
@pytest.mark.parametrize("read", ["file", "stdin", "large"])
@pytest.mark.parametrize("name", FILES)
def test_it_is_told_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, read: str, task: str
) -> None:
    content, words = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    if read == "large":
        monkeypatch.setattr(source, "LARGE", 0)
        monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    if name.endswith(".gz") and task == "values":
        words = "is a tar archive" if "tar" in name else "is text, not a table of numbers"
    with pytest.raises(DataError) as caught:
        if read == "stdin":
            load(recipe("-", task=task), io.BytesIO(content))
        else:
            load(recipe(path, task=task))
    shown = "standard input" if read == "stdin" else name
    assert str(caught.value).startswith(f"{shown}: {words}")
    assert len(str(caught.value)) <= 200
    if words.endswith("-k ") and task == "tokens":
        assert str(caught.value).endswith("FILE)" if read == "stdin" else f"{name})")


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_bytes_are_learned_if_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, large: bool
) -> None:
    content, words = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    if large:
        monkeypatch.setattr(source, "LARGE", 0)
        monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    data = load(recipe(path, tokenizer="byte", split=0.0))
    assert isinstance(data, TokenData)
    what = words.partition(":")[0].removeprefix("is ")
    assert data.notes[0].startswith(f"the source is {what}")
    assert bytes(data.tokenizer.values[i] for i in data.tokens) == content  # type: ignore[attr-defined]


def test_an_array_is_told_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(array())
    with pytest.raises(DataError, match="is a NumPy array: --set task=values learns its numbers"):
        load(recipe(path))


@pytest.mark.parametrize(
    "text",
    [
        "BZh is how this text begins",
        "PAR1, then.\n",
        "ID3 tags explained",
        "GIF87 and other formats",
        "BMW",
        "ORCs and elves, Möwen",
        "%PDF- is how a PDF begins",
        "RIFF",
        "PK is no name",
        "",
    ],
)
def test_a_text_that_begins_like_a_signature_is_a_text(text: str) -> None:
    assert find_format(text.encode()) is None


@pytest.mark.parametrize("cut", [(1 << 16) - 1, (1 << 16) - 2, 1 << 16])
def test_a_text_is_one_where_its_start_is_cut(cut: int) -> None:
    content = b"ID3" + b"x" * (cut - 3) + "é漢".encode() * 9
    assert find_format(content) is None


@pytest.mark.parametrize("content", [b"MThd\0\0\0\x06", b"\0\1\2\3" * 9])
def test_what_is_unknown_is_offered_as_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(content)
    with pytest.raises(DataError, match="looks binary: --set tokenizer=byte reads any file"):
        load(recipe(path))


# ---- texts that are perhaps not meant as they are read ------------------------------------------

NUMERIC = {
    "one number a line": "".join(f"{n * n % 17}\n" for n in range(60)),
    "a table": "a,b\n" + "".join(f"{n},{n * n % 17}\n" for n in range(60)),
    "with dates": "day,b\n" + "".join(f"2020-01-{n + 1:02},{n * n % 17}\n" for n in range(28)),
    "tabs": "".join(f"{n}\t{n * n % 17}\n" for n in range(60)),
    "spaces": "".join(f"  {n}   {n * n % 17 / 7:.3f}\n" for n in range(60)),
    "semicolons": "a;b\n" + "".join(f"{n},5;{n * n % 17},25\n" for n in range(60)),
    "comments": "# made by hand\n" + "".join(f"{n * n % 17}\n" for n in range(60)),
}


@pytest.mark.parametrize("name", ["-", "a.txt", "a.dat", "numbers"])
@pytest.mark.parametrize("kind", NUMERIC)
def test_numbers_learned_as_text_are_noted_and_can_be_learned(
    tmp_path: Path, kind: str, name: str
) -> None:
    content = NUMERIC[kind].encode()
    (tmp_path / name).write_bytes(content)
    path = name if name == "-" else tmp_path / name
    data = load(recipe(path), io.BytesIO(content))
    assert any("--set task=values" in note for note in data.notes)
    values = load(recipe(path, task="values"), io.BytesIO(content))
    assert values.unit == "value"


def test_a_table_that_is_read_as_text_on_purpose_is_not_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(NUMERIC["a table"])
    assert not any("task=values" in note for note in load(recipe(path, task="tokens")).notes)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.decode(),
        "37+58=95\n12+30=42\n" * 30,
        "1. First, open it.\n2. Then, close it.\n" * 20,
        "def f(x):\n    return x, 1\n" * 20,
        "Name,Age\nAnn,a quarter of a hundred years\n" * 20,
    ],
)
def test_other_texts_are_not_taken_for_numbers(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert not any("task=values" in note for note in load(recipe(path)).notes)


NAMES = [
    f"{a}{b}{c}{'xyz'[n % 3]}" for n, a in enumerate("abcdefgh") for b in "aei" for c in "kmnr"
]
ORDERS: dict[str, Callable[[list[str]], list[str]]] = {
    "sorted": sorted,
    "backwards": lambda names: sorted(names, reverse=True),
    "ignoring case": lambda names: sorted(
        (n.upper() if i % 3 else n for i, n in enumerate(names)), key=str.lower
    ),
    "by the first letter": lambda names: sorted(names, key=lambda name: (name[0], name[::-1])),
    "by length": lambda names: sorted((n * (i % 7 + 1) for i, n in enumerate(names)), key=len),
    "nearly sorted": lambda names: [*sorted(names[1:]), names[0]],
}


@pytest.mark.parametrize("tokenizer", ["char", "word", "byte"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_sorted_list_is_noted(tmp_path: Path, order: str, tokenizer: str) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\n".join(ORDERS[order](NAMES)) + "\n")
    notes = load(recipe(path, tokenizer=tokenizer)).notes
    assert any(note.startswith("the lines are sorted") for note in notes)
    assert not any("sorted" in note for note in load(recipe(path, split=0.0)).notes)


@pytest.mark.parametrize(
    "lines",
    [
        [NAMES[n * 37 % len(NAMES)] for n in range(len(NAMES))],
        [f"2020-01-01 {n:05} a message" for n in range(99)],
        ["the same line"] * 99,
        ["", "The wind blew.", "It was dark.", "Nobody came, and then the sea rose."] * 30,
        sorted(NAMES)[:20],
    ],
)
def test_what_is_not_sorted_or_sorted_by_time_is_not_noted(
    tmp_path: Path, lines: list[str]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(lines) + "\n")
    assert not any("sorted" in note for note in load(recipe(path)).notes)
