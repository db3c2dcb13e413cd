"""Every source that cannot be trained on says so in one line: what, where, what to do."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rnntui.data import guess_task, is_pipe, load, precheck, source
from rnntui.data.dataset import TokenData
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.recipe import Recipe
from tests.support.patience import PATIENCE

SHORT = {"batch": 1, "seq_len": 2, "split": 0.0}


def tokens(path: object, **changes: object) -> TokenData:
    recipe = Recipe().replace(**{**SHORT, "source": str(path), **changes})  # type: ignore[arg-type]
    data = load(recipe)
    assert isinstance(data, TokenData)
    return data


def line(path: object, **changes: object) -> str:
    with pytest.raises(RnntuiError) as caught:
        tokens(path, **changes)
    return checked(caught.value)


def checked(error: BaseException) -> str:
    message = str(error)
    assert "\n" not in message
    assert len(message) <= 200
    assert message.isprintable()
    return message


def early(path: object) -> str:
    with pytest.raises(RnntuiError) as caught:
        precheck(str(path))
    return checked(caught.value)


def write(folder: Path, content: bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# ---- what needs no loading ------------------------------------------------------------------


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "b" / "x.txt"
    expected = f"{source.show(str(path))}: no such file"
    assert early(path) == expected
    assert line(path) == expected


def test_a_missing_file_suggests_its_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, b"ab", "letters.txt")
    monkeypatch.chdir(tmp_path)
    assert early("leters.txt") == "leters.txt: no such file: did you mean 'letters.txt'?"


def test_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert early("folder") == "folder: is a directory: name a file in it"


def test_an_empty_file(tmp_path: Path) -> None:
    path = write(tmp_path, b"")
    assert early(path) == "a.txt: is empty"
    assert line(path) == "a.txt: is empty"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device")
def test_a_device() -> None:
    assert early("/dev/zero") == (
        "/dev/zero: is a device or a socket, not a file: pipe it in with '-'"
    )


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("s")
        assert early("s") == "s: is a device or a socket, not a file: pipe it in with '-'"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, b"abc").chmod(0)
    monkeypatch.chdir(tmp_path)
    assert early("a.txt") == "a.txt: Permission denied"


def test_a_name_that_is_none() -> None:
    assert early("a\0b") == "a␀b: not a file name"
    assert early("x" * 5000).endswith(": File name too long")
    assert early("") == "source is empty: expected a file, '-', corpus:NAME, text:…, values:1,2,3"


def test_an_unknown_corpus() -> None:
    assert early("corpus:tails") == "no corpus 'tails': did you mean 'tales'?"
    assert early("corpus:\x1b[31m").startswith("no corpus '␛[31m': see 'rnntui corpora'")


@pytest.mark.parametrize("kind", ["text", "values"])
def test_nothing_after_the_colon(kind: str) -> None:
    assert early(f"{kind}:") == f"{kind}: is empty: write what to learn after the colon"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(source.MOST_BYTES + 1)
    numbers = "big: more than 256 MiB: train on a part of it, e.g. from head -c 100M"
    with pytest.raises(DataError, match="^" + numbers):
        load(Recipe().replace(source=str(path), task="values"))
    with path.open("wb") as file:
        file.truncate(source.MOST_LARGE + 1)
    expected = "big: more than 64 GiB: train on a part of it, e.g. from head -c 100M"
    assert early(path) == expected
    assert line(path) == expected


def test_standard_input_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_BYTES", 10)
    with pytest.raises(DataError) as caught:
        load(Recipe().replace(source="-"), stdin=io.BytesIO(b"a" * 100))
    assert checked(caught.value).startswith("standard input: more than ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert is_pipe(str(path))
    precheck(str(path))
    writer = threading.Thread(target=path.write_bytes, args=(b"abcabc",))
    writer.start()
    assert tokens(path).tokens.tolist() == [0, 1, 2, 0, 1, 2]
    writer.join()


def test_only_what_cannot_be_read_twice_is_a_pipe(tmp_path: Path) -> None:
    assert is_pipe("-")
    assert not is_pipe("corpus:tales")
    assert not is_pipe(str(tmp_path / "missing"))
    assert not is_pipe("a\0b")


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("a.csv", "values"),
        ("A.TSV", "values"),
        ("a.npy", "values"),
        ("a.txt", "tokens"),
        ("-", "tokens"),
        ("text:a.csv", "tokens"),
        ("values:1,2", "values"),
        ("corpus:tales", "tokens"),
        ("corpus:co2", "values"),
    ],
)
def test_a_name_tells_what_it_holds(name: str, task: str) -> None:
    assert guess_task(name) == task


def test_a_generated_corpus_is_known_by_its_source_not_by_a_name() -> None:
    task = source.generated_task("corpus:copy")
    assert task is not None and task.name == "copy"
    assert source.generated_task("copy") is source.generated_task("corpus:tales") is None


def test_checking_and_listing_do_not_import_numpy() -> None:
    program = (
        "import sys; from rnntui.data import catalogue, guess_task, is_pipe, precheck;"
        "catalogue(); precheck('corpus:sums'); guess_task('a.csv'); is_pipe('-');"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=PATIENCE).returncode == 0


# ---- text -----------------------------------------------------------------------------------


def test_not_utf8_names_the_byte(tmp_path: Path) -> None:
    path = write(tmp_path, b"caf\xe9 noir")
    expected = "a.txt: not UTF-8 at byte 3: --set tokenizer=byte reads any file"
    assert line(path) == expected
    assert line(path, tokenizer="word") == expected
    assert tokens(path, tokenizer="byte").unit == "byte"


def test_the_byte_is_counted_with_the_mark(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfab\xff")
    assert line(path) == "a.txt: not UTF-8 at byte 5: --set tokenizer=byte reads any file"


def test_binary(tmp_path: Path) -> None:
    path = write(tmp_path, b"abcd\x00\x01")
    assert line(path) == ("a.txt: NUL at byte 4: looks binary: --set tokenizer=byte reads any file")
    assert len(tokens(path, tokenizer="byte").tokens) == 6


@pytest.mark.parametrize(("codec", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_other_encodings_are_recognised(tmp_path: Path, codec: str, name: str) -> None:
    path = write(tmp_path, "hello".encode(codec))
    assert line(path) == (
        f"a.txt: is {name}, not UTF-8: save it as UTF-8, or --set tokenizer=byte reads any file"
    )


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert tokens(write(tmp_path, b"\xef\xbb\xbfabc")).tokenizer.vocab_size == 3
    path = write(tmp_path, b"\xef\xbb\xbf")
    assert line(path) == "a.txt: contains nothing but a byte order mark"


@pytest.mark.parametrize(("end", "name"), [(b"\r\n", "CR LF"), (b"\r", "CR")])
def test_line_ends_become_newlines(tmp_path: Path, end: bytes, name: str) -> None:
    path = write(tmp_path, b"ab" + end + b"cde" + end)
    data = tokens(path)
    assert data.tokenizer.decode(data.tokens) == "ab\ncde\n"
    assert data.notes == (f"line ends {name} are read as newlines",)
    raw = tokens(path, tokenizer="byte", seq_len=1)
    assert raw.tokenizer.decode(raw.tokens).encode() == path.read_bytes()
    assert raw.notes == ()


def test_one_symbol() -> None:
    assert line("text:aaaaaaaa") == (
        "inline text: contains only the symbol a: at least 2 different ones are needed"
    )
    assert line("text:\n\n\n") == (
        "inline text: contains only the symbol ↵: at least 2 different ones are needed"
    )


def test_too_short() -> None:
    assert line("text:ab", seq_len=50) == (
        "too short: have 2 characters to train on, need 51 (batch 1 × seq_len 50 + 1):"
        " --set seq_len=1 works"
    )


def test_text_that_is_no_text() -> None:
    assert line("text:ab\udce9") == ("text: holds bytes that are not UTF-8: name a file instead")
    assert line("text:") == "text: is empty: write what to learn after the colon"


def test_the_wrong_task() -> None:
    assert line("values:1,2") == ("values:… holds numbers: --set task=values, or text:… for tokens")
    assert line("corpus:co2") == "corpus:co2 holds values: --set task=values"
    assert line("corpus:sums", task="values") == "corpus:sums holds text: --set task=tokens"
    assert line("text:ab", task="values") == (
        "text:… holds tokens: --set task=tokens, or values:1,2,3 for numbers"
    )


def test_repeating_beyond_all_measure() -> None:
    expected = "repeat = 1000000: more than 256 MiB of "
    assert line("text:" + "ab" * 500, repeat=1_000_000) == expected + "text"
    numbers = "values:" + ",".join(map(str, range(100)))
    assert line(numbers, task="values", repeat=1_000_000) == expected + "numbers"


def test_standard_input() -> None:
    recipe = Recipe().replace(source="-", **SHORT)
    data = load(recipe, stdin=io.BytesIO(b"abab"))
    assert data.name == "standard input"
    with pytest.raises(DataError) as caught:
        load(recipe, stdin=io.BytesIO())
    assert checked(caught.value) == "standard input: is empty"
    with pytest.raises(DataError) as caught:
        load(recipe)
    assert checked(caught.value) == ("standard input: no input: name a file instead of '-'")


def test_a_hostile_file_name(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xff", "\x1b]0;owned\x07\u202e" + "x" * 100)
    assert "\x1b" not in line(path)
    assert line(path).startswith("␛]0;owned␇\\u202exxx")


# ---- how a text is split ----------------------------------------------------------------------


def test_the_split_is_named() -> None:
    data = tokens("text:" + "ab" * 50, split=0.1, seq_len=1)
    assert (len(data.tokens), len(data.validation)) == (90, 10)
    assert data.split == "first 90 % to train, last 10 % to validate"
    assert data.notes == ()


def test_no_split() -> None:
    data = tokens("text:abab", seq_len=3)
    assert (len(data.tokens), len(data.validation)) == (4, 0)
    assert data.split == "all for training, none for validation"
    assert data.notes == ()


def test_a_validation_part_of_one_token_is_dropped() -> None:
    data = tokens("text:ababababab", split=0.1, seq_len=3)
    assert (len(data.tokens), len(data.validation)) == (10, 0)
    assert data.split == "all for training, none for validation"
    assert data.notes == ("10 characters: too few to set some aside for validation",)


def test_repeating_comes_before_splitting() -> None:
    data = tokens("text:ab\n", repeat=20, split=0.5)
    assert data.tokenizer.decode(data.validation) == "ab\n" * 10


def test_every_error_has_the_exit_code_of_its_kind() -> None:
    assert DataError.exit_code == 65
    assert UsageError.exit_code == 2
