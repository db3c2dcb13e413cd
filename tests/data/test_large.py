"""Large files: the same tokens as in memory, kept between starts, nothing left half-written."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rnntui.data import Stream, TokenData, cache, load, loading, reading, source, spread, tokenfile
from rnntui.data.file_signature import FileSignature
from rnntui.data.progress import Progress
from rnntui.errors import DataError, OutputError, RnntuiError
from rnntui.recipe import Recipe
from tests.conftest import examples
from tests.long.large_memory import measure, write_text

TEXT = "Der Wind, das Meer, and the wind's own sea.\r\nNa gut — 12 Möwen!\n" * 40
KINDS = ("char", "byte", "word")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache; every file counts as large, and a block is short."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("RNNTUI_CACHE", str(folder))
    monkeypatch.setattr(source, "LARGE", 0)
    monkeypatch.setattr(reading, "BLOCK", 61)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of text."""
    return written(tmp_path / "a.txt", TEXT.encode())


def written(path: Path, content: bytes) -> Path:
    """The file with that content."""
    path.write_bytes(content)
    return path


@pytest.fixture(autouse=True)
def _no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    # A file's change time cannot be set back, and waiting for the clock would take seconds.
    monkeypatch.setattr("rnntui.data.file_signature.LONGEST_TICK", -(10**18))


def tokens(path: Path, kind: str = "char", watcher=None, **changes) -> TokenData:
    recipe = Recipe().replace(source=str(path), tokenizer=kind, batch=1, seq_len=1, **changes)
    data = load(recipe, None, watcher)
    assert isinstance(data, TokenData)
    return data


def same(a: TokenData, b: TokenData) -> bool:
    """Whether both hold the same tokens with the same meaning, and say the same."""
    alike = all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("tokens", "validation"))
    return (
        alike
        and a.tokens.dtype == b.tokens.dtype
        and a.tokenizer.vocab_size == b.tokenizer.vocab_size
        and a.tokenizer.decode(a.tokens) == b.tokenizer.decode(b.tokens)
        and (a.notes, a.split, a.size, a.digest) == (b.notes, b.split, b.size, b.digest)
    )


def both(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> list[TokenData | str]:
    """A file by way of the cache and in memory: its data, or the line of its error."""
    found: list[TokenData | str] = []
    for large in (0, 1 << 30):
        monkeypatch.setattr(source, "LARGE", large)
        try:
            found.append(tokens(path, kind))
        except RnntuiError as error:
            found.append(str(error))
    return found


pieces = st.sampled_from(
    ["\r", "\n", "\r\n", " ", "the", "can't", "’", "x" * 7, "é", "漢字", "🙂", "1", "\ufeff", "a b"]
)
texts = st.lists(pieces, min_size=1, max_size=60).map("".join)


@pytest.mark.parametrize("kind", KINDS)
@settings(
    deadline=None,
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=texts, block=st.integers(1, 9))
@example(text="ab\r\ncd\r", block=3)
@example(text="ab\rcd\r", block=1)
@example(text="\ufeff\ufeffa\r\r\nb", block=2)
def test_the_same_as_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, text: str, block: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    large, small = both(path, kind, monkeypatch)
    if isinstance(large, str) or isinstance(small, str):
        assert large == small
    else:
        assert same(large, small)


@settings(
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.binary(min_size=1, max_size=40), block=st.integers(4, 9))
@example(content="aé漢🙂".encode()[:-1], block=4)
@example(content=b"ab\xff\xfe", block=4)
@example(content=b"\xff\xfe\x00\x00a", block=4)
@example(content=b"\x00\x00\xfe\xffab", block=4)
def test_wrong_bytes_are_told_as_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, block: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    large, small = both(path, "char", monkeypatch)
    if isinstance(large, TokenData):
        assert isinstance(small, TokenData)
        assert same(large, small)
    elif b"\0" in content:  # which of two faults is told depends on which comes first
        assert isinstance(small, str)
    else:
        assert large == small


def test_of_very_many_words_the_rare_ones_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnntui.data.vocabulary_counts.MOST_COUNTED", 60)
    letters = "abcdefghij"
    text = "".join(f"the {a}{b}{b}{a} sea {a}{b}\n" for a in letters for b in letters)
    data = tokens(written(tmp_path / "a.txt", text.encode()), "word", split=0.0)
    assert data.tokenizer.decode(data.tokens) == text
    words = {data.tokenizer.decode([n]) for n in range(data.tokenizer.vocab_size)}
    assert words == {*text, "the", " sea"}


# ---- kept ---------------------------------------------------------------------------------------


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.tokens"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the blocks that are read of sources, as they are read."""
    found: list[int] = []
    original = reading.LargeFile._read

    def read(self, most):
        found.append(most)
        return original(self, most)

    monkeypatch.setattr(reading.LargeFile, "_read", read)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_start_only_checks_the_tokens(path: Path, reads: list[int], kind: str) -> None:
    first = tokens(path, kind)
    reads.clear()
    seen: list[Progress] = []
    assert same(tokens(path, kind, seen.append), first)
    assert not reads
    assert {progress.text for progress in seen} == {"checking the tokens of a.txt"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0.0, 0.5, 0.99])
def test_tokens_damaged_under_an_unchanged_stamp_are_made_again(
    path: Path, folder: Path, kind: str, place: float
) -> None:
    first = tokens(path, kind)
    (file,), (memory,) = kept(folder), folder.glob("*.json")
    content = bytearray(file.read_bytes())
    content[int(place * first.size) * first.tokens.itemsize] ^= 1
    file.unlink()  # `first` still maps the old one
    file.write_bytes(content)
    file.chmod(0o400)
    signature, key, _ = json.loads(memory.read_text())
    with file.open("rb") as damaged:
        memory.write_text(
            json.dumps([signature, key, FileSignature.of(damaged.fileno()).to_list()])
        )
    assert same(tokens(path, kind), first)


def test_the_cache_is_only_its_users(path: Path, folder: Path) -> None:
    tokens(path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    assert sorted(file.suffix for file in folder.iterdir()) == [".json", ".tokens"]


def test_the_same_content_elsewhere_is_read_once(
    path: Path, tmp_path: Path, folder: Path, reads: list[int]
) -> None:
    first = tokens(path)
    whole = len(reads)
    reads.clear()
    assert same(tokens(written(tmp_path / "b.txt", path.read_bytes())), first)
    assert len(reads) == whole // 2 + 1  # and the beginning, for the format
    assert len(kept(folder)) == 1


def test_a_file_that_has_changed_is_read_again(path: Path, reads: list[int]) -> None:
    tokens(path)
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"Q")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    reads.clear()
    data = tokens(path)
    assert reads
    assert data.tokenizer.decode(data.tokens[:1]) == "Q"


def test_a_file_just_written_to_is_not_trusted(
    path: Path, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnntui.data.file_signature.LONGEST_TICK", 2 * 10**9)
    tokens(path)
    reads.clear()
    tokens(path)
    assert reads


def flip(content: bytearray) -> None:
    content[17] ^= 4


def flip_the_vocabulary(content: bytearray) -> None:
    at = content.index(b"symbols") + 20
    content[at] ^= 1


def shorten(content: bytearray) -> None:
    del content[-1:]


def lengthen(content: bytearray) -> None:
    content += b"x"


def take_from_the_middle(content: bytearray) -> None:
    del content[40:80]


@pytest.mark.parametrize(
    "damage",
    [flip, flip_the_vocabulary, shorten, lengthen, take_from_the_middle, bytearray.clear],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("remembered", [True, False])
def test_what_is_damaged_is_made_again(
    path: Path, folder: Path, reads: list[int], damage: Callable, remembered: bool
) -> None:
    first = tokens(path)
    (file,) = kept(folder)
    content = bytearray(file.read_bytes())
    damage(content)
    file.unlink()  # `first` goes on reading the old one
    file.write_bytes(content)
    file.chmod(0o600)
    if not remembered:
        for memory in folder.glob("*.json"):
            memory.unlink()
    assert same(tokens(path), first)
    reads.clear()
    assert same(tokens(path), first)
    assert not reads


@pytest.mark.parametrize("text", ["", "[]", "[[1,2,3,4,5],7,[1,2,3,4,5]]", "\x00", '["a","b","c"]'])
def test_a_damaged_memory_is_no_memory(path: Path, folder: Path, text: str) -> None:
    first = tokens(path)
    for memory in folder.glob("*.json"):
        memory.write_text(text)
    assert same(tokens(path), first)


def test_tokens_that_others_could_have_written_are_made_again(
    path: Path, folder: Path, reads: list[int]
) -> None:
    tokens(path)
    (file,) = kept(folder)
    file.chmod(0o666)
    reads.clear()
    tokens(path)
    assert reads
    assert kept(folder)[0].stat().st_mode & 0o077 == 0


def test_what_was_not_used_for_the_longest_time_goes(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [written(tmp_path / f"{n}.txt", f"{n}{TEXT}".encode()) for n in range(4)]
    for n, file in enumerate(files[:3]):
        tokens(file)
        for found in folder.iterdir():
            if found.stat().st_mtime > 1e6:
                os.utime(found, (1000 + n, 1000 + n))
    tokens(files[0])  # used again: now the second is the oldest
    used = {file.stem: file.stat().st_size for file in kept(folder)}
    monkeypatch.setattr(cache, "MOST_KEPT", int(3.5 * max(used.values())))
    tokens(files[3])
    assert len(kept(folder)) == 3
    seen: list[Progress] = []
    for file in (files[0], files[2], files[3]):
        tokens(file, watcher=seen.append)
    assert not any(progress.text.startswith("reading") for progress in seen)
    tokens(files[1], watcher=seen.append)
    assert seen[-1].text.startswith("reading")


def test_leftovers_go(path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    old, new = folder / "tmpold.part", folder / "tmpnew.part"
    for part in (old, new):
        part.write_bytes(b"x")
    os.utime(old, (1000, 1000))
    tokens(path)
    assert not old.exists()
    assert new.exists()  # another process may be writing it


# ---- trouble ------------------------------------------------------------------------------------


class EnoughError(BaseException):
    """As a signal's handler raises it."""


@pytest.mark.parametrize("kind", KINDS)
def test_left_at_any_time_nothing_stays(path: Path, folder: Path, kind: str) -> None:
    told: list[Progress] = []
    tokens(path, kind, told.append)
    shutil.rmtree(folder)
    for n in range(0, len(told), 7):
        count = 0

        def watcher(_: Progress, n: int = n) -> None:
            nonlocal count
            count += 1
            if count > n:
                raise EnoughError

        with pytest.raises(EnoughError):
            tokens(path, kind, watcher)
        assert not folder.exists() or not list(folder.iterdir())


def test_progress_goes_from_nothing_to_all(path: Path) -> None:
    told: list[Progress] = []
    tokens(path, watcher=told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.1
    assert fractions[-1] == 1
    assert {progress.text for progress in told} == {"reading a.txt"}
    assert all(progress.rate > 0 for progress in told)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 100)


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\xff\xff")


@pytest.mark.parametrize("change", [grow, shrink, rewrite])
@pytest.mark.parametrize("when", [0.1, 0.7])
def test_a_file_that_changes_while_it_is_read(
    path: Path, folder: Path, change: Callable, when: float
) -> None:
    changed = False

    def watcher(progress: Progress) -> None:
        nonlocal changed
        if progress.fraction > when and not changed:
            changed = True
            change(path)

    with pytest.raises(DataError) as caught:
        tokens(path, watcher=watcher)
    assert str(caught.value) == "a.txt: changed while it was read: wait until it is complete"
    assert not folder.exists() or not list(folder.iterdir())


def test_one_symbol_is_told_before_anything_is_written(tmp_path: Path, folder: Path) -> None:
    path = written(tmp_path / "a.txt", b"a" * 1000)
    with pytest.raises(DataError, match="contains only the symbol a"):
        tokens(path)
    assert not folder.exists()


def failing(name: str, error: int, after: int) -> Callable:
    """The system call of that name, which fails from some call on."""
    original, calls = getattr(os, name), 0

    def call(*args):
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(error, os.strerror(error))
        return original(*args)

    return call


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_fails(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    expected = tokens(path)
    shutil.rmtree(folder)
    monkeypatch.setattr(os, "fsync", failing("fsync", error, 0))
    data = tokens(path)
    *others, note = data.notes
    assert tuple(others) == expected.notes
    assert np.array_equal(data.tokens, expected.tokens)
    assert os.strerror(error) in note
    assert note.endswith("set RNNTUI_CACHE to another folder; this time they are in memory")
    assert len(note) <= 200
    assert not list(folder.iterdir())
    monkeypatch.setattr(loading, "MOST_BYTES", 100)
    with pytest.raises(OutputError) as caught:
        tokens(path)
    assert caught.value.exit_code == 74
    assert len(str(caught.value)) <= 200
    assert not list(folder.iterdir())


def test_no_room_is_told_before_anything_is_written(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=cache.SPARE + 1000))
    (note,) = tokens(path).notes[1:2]
    assert "needs 2.56 kB there, which has 1 kB free: set RNNTUI_CACHE" in note
    assert not list(folder.iterdir())


def test_a_folder_that_others_may_write_to(path: Path, folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    note = tokens(path).notes[-1]
    assert "other users may write to" in note
    assert len(note) <= 200
    assert not list(folder.iterdir())


def test_a_folder_that_is_none(path: Path, folder: Path) -> None:
    folder.write_text("")
    assert "File exists" in tokens(path).notes[-1]


# ---- samples and memory -------------------------------------------------------------------------


def test_validation_looks_at_a_part(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tokens(path, split=0.5)
    monkeypatch.setattr(loading, "MOST_VALIDATED", 320)
    part = tokens(path, split=0.5)
    assert len(part.validation) == 320
    assert part.size == whole.size == len(whole.tokens) + len(whole.validation)
    count = f"{len(whole.validation):,}"
    assert part.notes[-1] == f"validation uses 320 of the {count} characters kept for it"
    assert np.array_equal(part.validation[:10], whole.validation[:10])
    assert np.array_equal(part.validation[-10:], whole.validation[-10:])


@given(st.integers(1, 5000), st.integers(32, 400))
def test_a_sample_looks_at_all_of_it(count: int, most: int) -> None:
    found = spread.spread(np.arange(count), most)
    assert len(found) <= most
    assert (found[0], found[-1]) == (0, count - 1)
    assert (np.diff(found) > 0).all()
    if count > most:
        assert np.diff(found).max() <= count / 31 + 1
    else:
        assert len(found) == count


def resident() -> int:
    """Bytes of files that are mapped into this process and present."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssFile")


@pytest.fixture
def mapped(tmp_path: Path) -> Iterator[tokenfile.TokenFile]:
    """64 million tokens that take no room on the disk."""
    with tokenfile.writer(tmp_path) as out:
        os.lseek(out._file.fileno(), 64 << 20, os.SEEK_SET)
        place = tmp_path / "x.tokens"
        out.finish(tokenfile.Contents("byte", ("a", "b"), 1, 64 << 20, "", ()), place)
        signature = tokenfile.FileSignature.of(out._file.fileno())
    found = tokenfile.open_tokens(place, signature)
    assert found is not None
    yield found


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(("seq_len", "turns"), [(4096, 1), (50, 64)])
def test_reading_a_mapped_file_does_not_fill_the_memory(
    mapped, monkeypatch, seq_len: int, turns: int
) -> None:
    monkeypatch.setattr("rnntui.data.stream.MOST_MAPPED", 2 << 20)
    before, most = resident(), 0
    stream = Stream(mapped.ids, 8, seq_len, turns)
    for _ in range(min(stream.chunks_per_epoch, 4000)):
        assert not stream.next().inputs.any()
        most = max(most, resident() - before)
    assert most < 8 << 20


def test_a_mapped_file_that_is_removed_can_still_be_read(path: Path, folder: Path) -> None:
    data = tokens(path, split=0.0)
    shutil.rmtree(folder)
    assert data.tokenizer.decode(data.tokens) == TEXT.replace("\r\n", "\n")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_large_file_is_trained_on_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    write_text(path, 3 * 10**8)  # tests/long/large_memory.py does it with any size
    for options, most in (
        (("--workers", "2"), 400e6),
        (("--recipe", "tales"), 300e6),
    ):  # the first network is wider
        found = measure(path, tmp_path, *options, "--steps", "20", "--set", "eval_every=10")
        assert found.updates == 20
        assert found.most < most
    path.unlink()
    shutil.rmtree(tmp_path / "cache")


def test_vocabularies_with_other_numbers_of_words_are_kept_apart(path: Path) -> None:
    written(path, b"one two three one two three one two one four four. " * 40)
    sizes = {most: tokens(path, "word", max_words=most).tokenizer.vocab_size for most in (1, 3)}
    assert sizes[3] == sizes[1] + 2
    assert tokens(path, "word", max_words=1).tokenizer.vocab_size == sizes[1], "from the cache"
