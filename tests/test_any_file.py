"""Any file at all: what cannot be trained on is told in a line, and nothing is written."""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import reading, source
from rnntui.recipe.recipe import RECIPES as BUNDLED
from tests.conftest import Ended, command, environment, quick_first, quick_where
from tests.support.patience import PATIENCE

LONGEST = 200
USAGE, DATA = 2, 65
TEXT = b"the quick brown fox jumps over the lazy dog\n" * 200

Content = bytes | str | Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """What stands in a file of that name, what is typed after `train`, and what comes of it."""

    content: Content
    words: str  # of the line
    code: int = DATA
    file: str = "a.txt"
    args: tuple[str, ...] = ()


def npy(array: np.ndarray) -> bytes:
    """A .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npy_header(text: str, version: tuple[int, int] = (1, 0), body: bytes = b"\0" * 8) -> bytes:
    """A .npy file with any header."""
    header = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(header)) + header + body


def header(shape: str, descr: str = "'<f8'", fortran: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


class Evil:
    """What must never be unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, ("unpickled",))


def csv(text: str, words: str, *args: str, code: int = DATA, file: str = "a.csv") -> Case:
    return Case(text, words, code, file, args)


def toml(text: Content, words: str, code: int = USAGE) -> Case:
    return Case(text, words, code, "a.toml")


def array(content: bytes, words: str) -> Case:
    return Case(content, words, DATA, "a.npy")


TEXTS = {
    "empty": Case(b"", "a.txt: is empty"),
    "only a mark": Case(b"\xef\xbb\xbf", "contains nothing but a byte order mark"),
    "NUL at the start": Case(b"\0" + TEXT, "NUL at byte 0: looks binary"),
    "NUL at the end": Case(TEXT + b"\0", f"NUL at byte {len(TEXT)}: looks binary"),
    "a program": Case(lambda p: p.write_bytes(Path(sys.executable).read_bytes()), "looks binary"),
    "UTF-16 LE": Case(TEXT.decode().encode("utf-16"), "is UTF-16, not UTF-8"),
    "UTF-16 BE": Case(b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), "is UTF-16"),
    "UTF-16 LE without a mark": Case(TEXT.decode().encode("utf-16-le"), "NUL at byte 1"),
    "UTF-16 BE without a mark": Case(TEXT.decode().encode("utf-16-be"), "NUL at byte 0"),
    "UTF-32 LE": Case(TEXT.decode().encode("utf-32"), "is UTF-32, not UTF-8"),
    "UTF-32 BE": Case(b"\0\0\xfe\xff" + TEXT, "is UTF-32, not UTF-8"),
    "not UTF-8 at the start": Case(b"\xff" + TEXT, "not UTF-8 at byte 0"),
    "not UTF-8 in the middle": Case(TEXT + b"\xc3(" + TEXT, f"not UTF-8 at byte {len(TEXT)}"),
    "not UTF-8 at the end": Case(TEXT + b"\xe6\xbc", f"not UTF-8 at byte {len(TEXT)}"),
    "an overlong form": Case(TEXT + b"\xc0\xaf", f"not UTF-8 at byte {len(TEXT)}"),
    "a surrogate": Case(TEXT + b"\xed\xa0\x80", f"not UTF-8 at byte {len(TEXT)}"),
    "beyond Unicode": Case(TEXT + b"\xf5\x80\x80\x80", f"not UTF-8 at byte {len(TEXT)}"),
    "Latin-1": Case("Möwen am Meer\n".encode("latin-1") * 99, "not UTF-8 at byte 1"),
    "one symbol": Case(b"a" * 5000, "contains only the symbol a"),
    "only line ends": Case(b"\r\n" * 5000, "contains only the symbol ↵"),
    "only a CR": Case(b"\r", "contains only the symbol ↵"),
    "too short": Case(b"ab", "too short: have 2 characters"),
    "one line too short": Case(b"ab" * 100, "too short: have 180 characters"),
    "one byte of many": Case(b"\0" * 9000, "only the symbol ␀", args=("--set", "tokenizer=byte")),
    "too short in words": Case(b"a b", "too short", args=("--set", "tokenizer=word")),
    "a compressed file": Case(b"\x1f\x8b\x08\x00" + TEXT, "is gzip-compressed: unpack it first"),
    "a picture": Case(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is an image"),
    "a name that steers": Case(b"\0", "␛[31m↵\\u202e.txt: NUL", file="\x1b[31m\n\u202e.txt"),
    "a long name": Case(b"\0", "NUL at byte 0", file="n" * 250),
    "a wide name": Case(b"\0", "NUL at byte 0", file="漢" * 80),
    "a name of marks": Case(b"\0", "NUL at byte 0", file="a" + "\u0301" * 120),
    "a name that is no text": Case(b"\0", "NUL at byte 0", file=os.fsdecode(b"\xff\xfe.txt")),
    "a text as numbers": Case(TEXT, "reads it as text", args=("--set", "task=values")),
}

TABLES = {
    "ragged": csv("a,b\n1,2\n3\n", "a.csv line 3: 1 cell where line 1 has 2"),
    "too many cells": csv("1,2\n3,4,5\n", "a.csv line 2: 3 cells where line 1 has 2"),
    "NaN": csv(
        "a,b\n1,2\n3,NaN\n2,4\n",
        "a.csv line 3, column 'b': the value is missing",
        "--set",
        "missing=error",
    ),
    "a long gap": csv("a\n1\n2\n" + "NA\n" * 25 + "3\n" * 99, "line 4, column 'a': 25 values are"),
    "infinity": csv("a,b\n1,2\n-inf,4\n", "line 3, column 'a': '-inf' is not finite"),
    "overflow": csv("a\n1\n1e999\n", "'1e999' is not finite"),
    "text in numbers": csv("a,b\n1,2\n3,x\n", "line 3, column 'b': 'x' is not a number"),
    "escapes in numbers": csv("a\n1\n\x1b[31m\n", "'␛[31m' is not a number"),
    "an empty cell": csv("a,b\n,2\n1,4\n2,3\n", "line 2, column 'a': the first 1 of 3 values"),
    "empty columns": csv(",,\n,,\n,,\n", "all columns are empty"),
    "only a header": csv("a,b,c\n", "only a header line and no numbers"),
    "only blank lines": csv("\n\n \n", "contains no data"),
    "only comments": csv("# a\n# b\n", "contains no data"),
    "an open quote": csv('a,b\n1,"2\n3,4\n', "line 2: malformed quotes or cells"),
    "a quote gone on from": csv('a\n"1"2\n', "line 2: malformed quotes or cells"),
    "a huge cell": csv("a\n1\n" + "x" * 200_000 + "\n", "line 3: malformed quotes or cells"),
    "a huge header": csv("x" * 100_000 + ",b\n1,2\n1,y\n", "'y' is not a number"),
    "a header that steers": csv("\x1b[31m,b\n1,2\nq,2\n", "column '␛[31m': 'q' is not"),
    "NUL in a table": csv("a\n1\n\0\n", "NUL at byte 4"),
    "a constant": csv("a\n5\n5\n5\n", "every row is the same"),
    "too few rows": csv("a\n1\n2\n3\n", "too short: have 3 values"),
    "numbers too large": csv("1e308\n-1e308\n" * 50, "too large"),
    "numbers too large as they are": csv(
        "1e308\n-1e308\n" * 50, "too large", "--set", "standardize=false"
    ),
    "no such column": csv("a,b\n1,2\n", "no column 'c'", "--set", "columns=c", code=USAGE),
    "a table not in UTF-8": Case(b"gr\xf6\xdfe\n1\n2\n", "not UTF-8 at byte 2", file="a.csv"),
    "a table in UTF-16, cut off": Case(
        "a\n1\n2\n".encode("utf-16")[:-1], "not UTF-16 at byte 12", file="a.csv"
    ),
    "a workbook": Case(b"PK\x03\x04" + b"\0" * 99, "is a zip archive", file="a.csv"),
    "other lines ragged": csv("1\t2\n3\t4\t5\n", "a.tsv line 2: 3 cells", file="a.tsv"),
}

ARRAYS = {
    "objects": array(npy(np.array([Evil(), None])), "holds objects"),
    "pickled": array(pickle.dumps(Evil()), "a.npy: "),
    "complex": array(npy(np.ones(9, complex)), "holds complex numbers"),
    "text": array(npy(np.array(["a", "b"])), "holds no plain numbers"),
    "records": array(npy(np.zeros(3, [("a", "f8")])), "holds no plain numbers"),
    "dates": array(npy(np.zeros(3, "M8[s]")), "holds no plain numbers"),
    "no dimensions": array(npy(np.array(1.0)), "has 0 dimensions"),
    "three dimensions": array(npy(np.zeros((2, 2, 2))), "has 3 dimensions"),
    "no rows": array(npy(np.zeros((0, 3))), "is empty: its shape is (0, 3)"),
    "NaN": array(npy(np.array([1.0, np.nan])), "row 1, column 1 is nan"),
    "infinity": array(npy(np.array([[1.0, 2.0], [3.0, np.inf]])), "row 1, column 2 is inf"),
    "a constant": array(npy(np.ones(99)), "every row is the same"),
    "too short": array(npy(np.arange(3.0)), "too short: have 3 values"),
    "too many columns": array(npy(np.random.RandomState(0).rand(9, 1001)), "1001 columns: takes"),
    "more in the header": array(npy_header(header("(9,)")), "damaged: its header says 72"),
    "less in the header": array(npy_header(header("(1,)"), body=b"\0" * 99), "damaged"),
    "a huge shape": array(npy_header(header("(10**18,)")), "not a valid .npy file"),
    "a huger shape": array(npy_header(header(f"({2**62}, {2**62})")), "damaged"),
    "a negative shape": array(npy_header(header("(-1,)")), "damaged"),
    "a shape of words": array(npy_header(header("('a',)")), "not a valid .npy file"),
    "code for a header": array(npy_header("__import__('os').mkdir('ran')"), "not a valid .npy"),
    "a header of brackets": array(npy_header("(" * 9000), "not a valid .npy file"),
    "a header cut off": array(npy(np.arange(9.0))[:20], "not a valid .npy file"),
    "only the magic": array(b"\x93NUMPY", "not a valid .npy file"),
    "numbers cut off": array(npy(np.arange(9.0))[:-1], "damaged: its header says 72"),
    "a version to come": array(npy_header(header("(1,)"), (9, 9)), "not a valid .npy file"),
    "no array at all": array(b"hello", "a.npy: only a header"),
    "an archive": array(b"PK\x03\x04" + b"\0" * 99, "is a zip archive"),
}

RECIPES = {
    "a wrong type": toml('[model]\nhidden = "a"\n', "a.toml: hidden = a: takes a whole number"),
    "a number for text": toml("[data]\nsource = 5\n", "a.toml: source = 5: takes text"),
    "a list": toml("[train]\nlr = [1, 2]\n", "a.toml: lr = [1, 2]: takes a number"),
    "a date": toml("[train]\nlr = 1979-05-27\n", "a.toml: lr = 1979-05-27: takes a number"),
    "a table for a key": toml("[train.lr]\na = 1\n", "a.toml: lr = "),
    "true for a number": toml("[model]\nhidden = true\n", "hidden = True: takes a whole number"),
    "NaN": toml("[train]\nlr = nan\n", "a.toml: lr = nan: takes a number"),
    "infinity": toml("[train]\nlr = inf\n", "a.toml: lr = inf: takes a number"),
    "a huge number": toml(f"[model]\nhidden = 1{'0' * 400}\n", "a.toml: hidden = 1000"),
    "a number with too many digits": toml(f"[model]\nhidden = {'9' * 9999}\n", "a.toml: "),
    "a negative number": toml("[train]\nbatch = -1\n", "a.toml: batch = -1: takes"),
    "an unknown key": toml("[model]\nhiden = 3\n", "a.toml: unknown key 'hiden': did you mean"),
    "an unknown section": toml("[modle]\nhidden = 3\n", "unknown section 'modle': did you mean"),
    "no section": toml("hidden = 3\n", "a.toml: unknown section 'hidden'"),
    "the wrong section": toml("[train]\nhidden = 3\n", "key 'hidden' belongs to [model]"),
    "a key twice": toml("[model]\nhidden = 3\nhidden = 4\n", "a.toml: not valid TOML"),
    "an open string": toml('[data]\nsource = "abc\n', "a.toml: not valid TOML"),
    "nested lists": toml("[data]\nsource = " + "[" * 50_000, "a.toml: not valid TOML"),
    "nested tables": toml("[" + "a." * 5000 + "a]\n", "a.toml: "),
    "no recipe": toml("hello, world\n", "a.toml: not valid TOML"),
    "binary": toml(b"\x7fELF\0\1\xff", "a.toml: not UTF-8 at byte 6"),
    "control characters": toml(b'title = "\x1b[31m"\n', "a.toml: not valid TOML"),
    "a mark": toml(b"\xef\xbb\xbf[model]\nhidden = 0\n", "a.toml: hidden = 0: takes"),
    "UTF-16": toml("[model]\n".encode("utf-16"), "a.toml: not UTF-8 at byte 0"),
    "empty": toml(b"", "a.toml: is empty", DATA),
    "a title of numbers": toml("title = 5\n", "a.toml: title and about must be text"),
    "a key that steers": toml('[model]\n"\\u001b[31m" = 1\n', "unknown key '␛[31m'"),
    "itself for a source": toml(
        '[data]\nsource = "a.toml"\n[train]\nseq_len = 99', "too short", DATA
    ),
    "a source that is missing": toml('[data]\nsource = "b.txt"\n', "b.txt: no such file", DATA),
    "an unknown corpus": toml('[data]\nsource = "corpus:taels"\n', "no corpus 'taels': did you"),
    "a network that fits nowhere": toml(
        '[data]\nsource = "text:ab"\nrepeat = 900\n[model]\nhidden = 16384\nlayers = 16\n',
        "needs ",
    ),
    "a repetition without end": toml(
        '[data]\nsource = "text:abcdefgh"\nrepeat = 1000000000\n', "repeat = 1000000000: "
    ),
    "a huge recipe": toml(lambda p: os.truncate(touched(p), 1 << 30), "too large for a recipe"),
}


def touched(path: Path) -> Path:
    path.touch()
    return path


NAMES = {
    "missing": (("b.txt",), DATA, "b.txt: no such file"),
    "missing with a suggestion": (("a.tx",), DATA, "a.tx: no such file: did you mean 'a.txt'?"),
    "missing folder": (("b/c.txt",), DATA, "b/c.txt: no such file"),
    "a folder": (("folder",), DATA, "folder: is a directory"),
    "a folder with a name of a table": (("table.csv",), DATA, "table.csv: is a directory"),
    "a folder with a name of a recipe": (("recipe.toml",), DATA, "recipe.toml: is a directory"),
    "a file as a folder": (("a.txt/b.txt",), DATA, "a.txt/b.txt: Not a directory"),
    "a link to nothing": (("dangling.txt",), DATA, "dangling.txt: no such file"),
    "links in a circle": (("circle.txt",), DATA, "circle.txt: Too many levels of symbolic links"),
    "a link to a device": (("device.txt",), DATA, "device.txt: is a device or a socket"),
    "a device as a recipe": (("device.toml",), DATA, "device.toml: is a device or a socket"),
    "zeros": (("/dev/zero",), DATA, "/dev/zero: is a device or a socket"),
    "nothing": (("/dev/null",), DATA, "/dev/null: is a device or a socket"),
    "a socket": (("socket.txt",), DATA, "socket.txt: is a device or a socket"),
    "a pipe nobody writes to": (("pipe",), DATA, "pipe: nothing is writing to this pipe"),
    "a recipe from a pipe": (("pipe.toml",), USAGE, "pipe.toml: not a file"),
    "a file that fails": (("/proc/self/mem",), DATA, "mem: Input/output error"),
    "a long name": (("x" * 300 + ".txt",), DATA, ": File name too long"),
    "a long path": (("y/" * 3000 + "z.txt",), DATA, ": File name too long"),
    "no name": (("",), USAGE, "source is empty"),
    "a zero in a name": (("a\0b.txt",), DATA, "a␀b.txt: not a file name"),
    "escapes": (("\x1b[31m\r\n.txt",), DATA, "␛[31m␍↵.txt: no such file"),
    "directions": (("\u202etxt.\u2066exe.txt",), DATA, "\\u202etxt.\\u2066exe.txt: no such file"),
    "half a pair": (("\udc80.txt",), DATA, "\\udc80.txt: no such file"),
    "a word that is none": (("zzz\x07",), USAGE, "no file, recipe or corpus called 'zzz␇'"),
    "no text": (("text:",), DATA, "text: is empty"),
    "half pairs as text": (("text:ab\udce9",), DATA, "holds bytes that are not UTF-8"),
    "one letter as text": (("text:aaaa",), DATA, "contains only the symbol a"),
    "no numbers": (("values:",), DATA, "values: is empty"),
    "words as numbers": (("values:1,b,3",), DATA, "number 2 'b' is not a finite number"),
    "numbers as tokens": (("values:1,2", "--set", "task=tokens"), USAGE, "holds numbers"),
    "text as numbers": (("text:ab", "--set", "task=values"), USAGE, "holds tokens"),
    "an unknown corpus": (("corpus:\x1b[2J",), USAGE, "no corpus '␛[2J'"),
    "values as tokens": (("corpus:co2", "--set", "task=tokens"), USAGE, "holds values"),
    "a setting that steers": (("a.txt", "--set", "\x1b[31m=\n"), USAGE, "unknown key '␛[31m'"),
    "half pairs as a setting": (("a.txt", "--lr", "\udce9"), USAGE, "lr = \\udce9: takes"),
    "a run's name that climbs": (("a.txt", "--name", "../../etc"), USAGE, "name"),
    "stdin without anything": (("-",), DATA, "standard input: is empty"),
}


PLACES = {
    "RNNTUI_CACHE": "cache",
    "RNNTUI_RUNS": "runs",
    "HOME": "home",
    "TMPDIR": "temporary",
    "XDG_RUNTIME_DIR": "temporary",
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Everywhere something could be written: here, and where caches, runs and temporaries go."""
    found = {name: tmp_path / name for name in ("here", "cache", "runs", "temporary", "home")}
    for path in found.values():
        path.mkdir(mode=0o700)
    monkeypatch.chdir(found["here"])
    for variable, name in PLACES.items():
        monkeypatch.setenv(variable, str(found[name]))
    monkeypatch.setattr(tempfile, "tempdir", str(found["temporary"]))
    return found


def everything(places: dict[str, Path]) -> list[tuple[str, int]]:
    """What stands in those places: names and sizes."""
    return sorted(
        (str(path), path.lstat().st_size) for root in places.values() for path in root.rglob("*")
    )


def told(ended: Ended | subprocess.CompletedProcess[str], code: int, words: str) -> str:
    """The line it ended with: one, short, safe, with those words, and nothing on stdout."""
    if isinstance(ended, subprocess.CompletedProcess):
        ended = Ended(ended.returncode, ended.stdout, ended.stderr)
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert ended.err.endswith("\n")
    line = ended.err[:-1]
    assert line.startswith("rnntui: ")
    assert line.isprintable(), repr(line)
    assert len(line) <= LONGEST, len(line)
    assert words in line, line
    assert ended.code == code, line
    return line


def make(case: Case, folder: Path) -> None:
    path = folder / case.file
    if callable(case.content):
        case.content(path)
    else:
        path.write_bytes(case.content.encode() if isinstance(case.content, str) else case.content)


GROUPS = {"text": TEXTS, "table": TABLES, "array": ARRAYS, "recipe": RECIPES}
CASES = {
    f"{group}: {name}": case for group, cases in GROUPS.items() for name, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_a_file(rnntui: Callable[..., Ended], places: dict[str, Path], name: str) -> None:
    case = CASES[name]
    make(case, places["here"])
    before = everything(places)
    ended = rnntui("train", f"./{case.file}", "--plain", *case.args)
    told(ended, case.code, case.words)
    assert everything(places) == before


@pytest.mark.parametrize("name", TEXTS)
def test_a_large_file(
    rnntui: Callable[..., Ended],
    places: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr(source, "LARGE", 0)
    monkeypatch.setattr(reading, "BLOCK", 1000)
    case = TEXTS[name]
    if case.words.startswith(("too short", "not a number")):
        pytest.skip("nothing is wrong with the file itself")
    make(case, places["here"])
    before = everything(places)
    told(rnntui("train", f"./{case.file}", "--plain", *case.args), case.code, case.words)
    assert everything(places) == before


@pytest.fixture
def things(places: dict[str, Path]) -> Iterator[Path]:
    """A folder with all that is not a file, and a file."""
    here = places["here"]
    (here / "a.txt").write_bytes(TEXT)
    for name in ("folder", "table.csv", "recipe.toml"):
        (here / name).mkdir()
    links = {
        "dangling.txt": "gone",
        "circle.txt": "circle2.txt",
        "circle2.txt": "circle.txt",
        "device.txt": "/dev/zero",
        "device.toml": "/dev/zero",
    }
    for name, target in links.items():
        (here / name).symlink_to(target)
    for name in ("pipe", "pipe.toml"):
        os.mkfifo(here / name)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("socket.txt")
        yield here


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")
@pytest.mark.parametrize("name", NAMES)
def test_a_name(
    rnntui: Callable[..., Ended],
    places: dict[str, Path],
    things: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    args, code, words = NAMES[name]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    before = everything(places)
    told(rnntui("train", *args, "--plain"), code, words)
    assert everything(places) == before


NOBODY = 65534


@pytest.fixture
def not_root(rnntui, places) -> Iterator[None]:
    """Without the right to read everything, if we have that."""
    told(
        rnntui("train", "./missing.txt", "--plain"), DATA, "no such file"
    )  # imports what is needed
    before = os.geteuid()
    if before == 0:
        places["here"].chmod(0o755)
        os.seteuid(NOBODY)
    try:
        # A clone that only root may enter hides the program itself.
        if not os.access(BUNDLED / "tales.toml", os.R_OK, effective_ids=True):
            pytest.skip("the program is out of another user's reach here")
        yield
    finally:
        os.seteuid(before)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
def test_a_file_that_may_not_be_read(rnntui, places, request: pytest.FixtureRequest) -> None:
    path = places["here"] / "a.txt"
    path.write_bytes(TEXT)
    path.chmod(0)
    request.getfixturevalue("not_root")
    told(rnntui("train", "./a.txt", "--plain"), DATA, "a.txt: Permission denied")


# ---- while it is read ---------------------------------------------------------------------------


def remove(path: Path) -> None:
    path.unlink()


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def become_empty(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove, "a.txt: no such file"),
        (become_a_folder, "a.txt: is a directory"),
        (become_empty, "a.txt: is empty"),
    ],
)
def test_a_file_that_is_another_one_when_it_is_read(
    rnntui, places, monkeypatch, change: Callable[[Path], None], words: str
) -> None:
    path = places["here"] / "a.txt"
    path.write_bytes(TEXT)
    looked_at = source.precheck

    def precheck(name: str) -> None:
        looked_at(name)
        if path.is_file():
            change(path)

    monkeypatch.setattr(source, "precheck", precheck)
    told(rnntui("train", "./a.txt", "--plain"), DATA, words)
    assert {name for name, _ in everything(places)} <= {str(p) for p in (*places.values(), path)}


@pytest.mark.parametrize(
    "change", [lambda f: f.write_bytes(TEXT + TEXT), lambda f: os.truncate(f, 9)]
)
@pytest.mark.parametrize("after", [1, 12])
def test_a_large_file_that_grows_or_shrinks(
    rnntui, places, monkeypatch, change: Callable[[Path], object], after: int
) -> None:
    path = places["here"] / "a.txt"
    path.write_bytes(TEXT)
    monkeypatch.setattr(source, "LARGE", 0)
    monkeypatch.setattr(reading, "BLOCK", 1000)
    read, count = reading.LargeFile._read, 0

    def reads(self, most: int) -> bytes:
        nonlocal count
        count += 1
        if count == after:
            change(path)
        return read(self, most)

    monkeypatch.setattr(reading.LargeFile, "_read", reads)
    told(rnntui("train", "./a.txt", "--plain"), DATA, "a.txt: changed while it was read")
    assert [name for name, _ in everything(places)] == [str(path)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "pipe: is empty"),
        (b"\0", "pipe: NUL at byte 0"),
        (b"\xff", "pipe: not UTF-8 at byte 0"),
        (b"a" * 70_000, "pipe: contains only the symbol a"),
    ],
)
def test_a_pipe(rnntui, things: Path, content: bytes, words: str) -> None:
    writer = threading.Thread(target=(things / "pipe").write_bytes, args=(content,))
    writer.start()
    told(rnntui("train", "pipe", "--plain"), DATA, words)
    writer.join()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "standard input: is empty"),
        (b"\0\1", "standard input: NUL at byte 0"),
        (b"ab\xff", "standard input: not UTF-8 at byte 2"),
        (b"ab", "too short: have 2 characters"),
    ],
)
def test_standard_input(rnntui, places, monkeypatch, content: bytes, words: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    told(rnntui("train", "-", "--plain"), DATA, words)
    assert everything(places) == []


# ---- files and the network of a run -------------------------------------------------------------


@pytest.fixture
def kept(rnntui, places) -> Path:
    """A run that has ended."""
    settings = (
        "--hidden",
        "4",
        "--layers",
        "1",
        "--dropout",
        "0",
        "--batch",
        "2",
        "--seq-len",
        "9",
    )
    source = ("text:" + TEXT.decode()[:440], "--set", "eval_every=0", "--set", "sample_every=0")
    ended = rnntui("train", *source, *settings, "--steps", "3", "--plain", "--name", "kept")
    assert ended.code == 0, ended.err
    return places["runs"] / "kept"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "b.txt: is empty"),
        (b"\0", "b.txt: NUL at byte 0"),
        (b"ab\xff", "b.txt: not UTF-8 at byte 2"),
        ("漢字".encode() * 9, "b.txt: nothing in it is in the network's vocabulary"),
        (TEXT * 9, "b.txt: eval takes up to 50,000 characters"),
    ],
)
def test_a_file_to_measure(
    rnntui, places, kept: Path, monkeypatch, content: bytes, words: str
) -> None:
    monkeypatch.setattr("rnntui.runs.evaluation.MOST_EVALUATED", 50_000)
    (places["here"] / "b.txt").write_bytes(content)
    before = everything(places)
    told(rnntui("eval", "kept", "b.txt"), DATA, words)
    assert everything(places) == before


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def claim_a_huge_header(path: Path) -> None:
    path.write_bytes((2**60).to_bytes(8, "little") + path.read_bytes()[8:])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 16
    path.write_bytes(content)


def write_nonsense(path: Path) -> None:
    path.write_bytes(b"\x80\x04\x95" + b"x" * 99)


@pytest.mark.parametrize(
    "file",
    quick_where(
        ["model.safetensors", "state.json", "manifest.json"], lambda name: name == "state.json"
    ),
)
@pytest.mark.parametrize(
    "damage", [cut, claim_a_huge_header, flip_a_bit, write_nonsense, become_empty, remove]
)
def test_a_damaged_network(
    rnntui, places, kept: Path, file: str, damage: Callable[[Path], None]
) -> None:
    for path in kept.glob(f"checkpoints/*/{file}"):
        path.chmod(0o600)
        damage(path)
    before = everything(places)
    ended = rnntui("generate", "kept", "--length", "5")
    told(ended, DATA, "kept")
    assert everything(places) == before


# ---- as a process of its own --------------------------------------------------------------------


def run(places: dict[str, Path], *args: str | bytes, **options) -> subprocess.CompletedProcess[str]:
    """The program where nothing else is."""
    own = {name: str(places[place]) for name, place in PLACES.items()}
    return subprocess.run(
        [*command(), *args],
        **{
            "cwd": places["here"],
            "env": environment(LANG="C.UTF-8", **own),
            "stdin": subprocess.DEVNULL,
            "capture_output": True,
            "text": True,
            "timeout": PATIENCE,
            **options,
        },
    )


@pytest.mark.parametrize(
    ("name", "words"),
    quick_first(
        [
            (b"circle.txt", "circle.txt: Too many levels of symbolic links"),
            (b"text:ab\xe9", "holds bytes that are not UTF-8"),
            (b"/dev/zero", "/dev/zero: is a device or a socket"),
            (b"pipe", "pipe: nothing is writing to this pipe"),
            (b"\xff\x1b[31m.txt", "\\udcff␛[31m.txt: no such file"),
        ],
        2,
    ),
)
def test_a_process(places, things: Path, name: bytes, words: str) -> None:
    before = everything(places)
    told(run(places, b"train", name, b"--plain"), DATA, words)
    assert everything(places) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_nothing_can_be_printed(places) -> None:
    with Path("/dev/full").open("w") as full:
        ended = run(
            places, "train", "ramp", "--plain", "--no-save",
            capture_output=False, stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert ended.returncode == 74
    assert ended.stderr == "rnntui: cannot write to stdout: No space left on device\n"
    assert everything(places) == []


@pytest.mark.slow
def test_very_many_bytes_on_one_line(places) -> None:
    sparse = places["here"] / "sparse.txt"
    with sparse.open("wb") as file:
        file.truncate(300 << 20)
    path = places["here"] / "a.txt"
    with path.open("wb") as file:
        for _ in range(300):
            file.write(b"a" * (1 << 20))
    before = everything(places)
    told(run(places, "train", "sparse.txt", "--plain"), DATA, "NUL at byte 0: looks binary")
    table = ("--set", "task=values")
    told(run(places, "train", "sparse.txt", "--plain", *table), DATA, "more than 256 MiB")
    ended = run(places, "train", "a.txt", "--plain")
    *notes, line = ended.stderr.splitlines()
    assert all(note.startswith("rnntui: note: reading a.txt: ") for note in notes)
    told(Ended(ended.returncode, ended.stdout, line + "\n"), DATA, "contains only the symbol a")
    assert everything(places) == before


def test_there_are_more_than_enough() -> None:
    assert len(CASES) + len(NAMES) > 150
