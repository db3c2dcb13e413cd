"""A bundle: everything of a run travels, and what hostile files could do is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnntui.cli import run as run_command
from rnntui.errors import DataError, UsageError
from rnntui.export import archive
from rnntui.export.format import Export
from rnntui.export.formats.bundle import create
from rnntui.export.unbundle import import_bundle
from rnntui.runs.store.checkpoint import paths
from rnntui.runs.store.create import check_removable
from rnntui.runs.trained_model import generate, load_model
from tests.conftest import quick_first, quick_ones

Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture(scope="session")
def source_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to train on, in somebody's directory."""
    path = tmp_path_factory.mktemp("somebody") / "notes.txt"
    path.write_text("Once upon a time there was a fish, or two.\n" * 8)
    return path


@pytest.fixture(scope="session")
def bundle(make_run, source_file: Path, tmp_path_factory) -> Path:
    """A valid bundle."""
    target = tmp_path_factory.mktemp("bundle") / "run.tar.gz"
    create(Export(make_run(source=str(source_file))), target)
    return target


def members(bundle: Path) -> list[Member]:
    with tarfile.open(bundle) as tar:
        return [(one, tar.extractfile(one).read()) for one in tar.getmembers()]


def text_of(greedy: Any) -> str:
    return "".join(generate(greedy, "Once", 40).pieces)


def test_the_run_works_elsewhere_and_resumes_on_ones_own_copy(
    bundle: Path, make_run, source_file: Path, tmp_path: Path, capsys
):
    run = import_bundle(bundle, tmp_path / "runs", "mine")
    was = make_run(source=str(source_file))
    greedy = {"greedy": "true"}
    assert text_of(load_model(run, sampling=greedy)) == text_of(load_model(was, sampling=greedy))
    assert (run / "metrics.jsonl").read_bytes() == (was / "metrics.jsonl").read_bytes()
    check_removable(run)
    resume = ["resume", "mine", "--runs-dir", str(run.parent), "--steps", "6", "--plain"]
    assert run_command(resume) == 2
    assert "add --source FILE" in capsys.readouterr().err
    copy = tmp_path / "copy.txt"
    copy.write_text(source_file.read_text() + "more\n")
    assert run_command([*resume, "--source", str(copy)]) == 65
    assert "copy.txt has changed" in capsys.readouterr().err
    copy.write_bytes(source_file.read_bytes())
    assert run_command([*resume, "--source", str(copy)]) == 0
    assert paths(run / "checkpoints")[-1].name == "step-00000006"


def test_no_directory_of_whoever_trained_is_in_it(bundle: Path, source_file: Path):
    for header, content in members(bundle):
        assert str(source_file.parent).encode() not in content, header.name
        assert str(Path.home()).encode() not in content, header.name
    recipe = next(content for header, content in members(bundle) if "recipe" in header.name)
    assert b'source = "notes.txt"' in recipe


@pytest.mark.slow
def test_a_name_that_is_taken_is_refused(bundle: Path, tmp_path: Path):
    import_bundle(bundle, tmp_path, "mine")
    with pytest.raises(UsageError, match="already exists"):
        import_bundle(bundle, tmp_path, "mine")


# ---- hostile ones ------------------------------------------------------------------------------


def rewritten(
    found: list[Member], change: Callable[[dict[str, Any]], object] = lambda _: None
) -> list[Member]:
    """The members with a list of files that fits their contents, changed at last."""
    (header, content), *others = found
    table = json.loads(content)
    for row, (_, inner) in zip(table["files"], others, strict=False):
        row |= {"size": len(inner), "sha256": hashlib.sha256(inner).hexdigest()}
    change(table)
    return [(header, json.dumps(table).encode()), *others]


def written(found: list[Member], path: Path, tail: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for header, content in found:
            header.size = len(content) if header.isreg() else 0
            tar.addfile(header, io.BytesIO(content) if header.isreg() else None)
    path.write_bytes(path.read_bytes() + tail)
    return path


def renamed(name: str) -> Callable[[list[Member]], list[Member]]:
    """Another path for the last file, in the archive and in the list."""

    def change(found: list[Member]) -> list[Member]:
        found[-1][0].name = f"run/{name}"
        return rewritten(found, lambda table: table["files"][-1].update(path=name))

    return change


def typed(kind: bytes) -> Callable[[list[Member]], list[Member]]:
    """Another type for the last member: a link, a device."""

    def change(found: list[Member]) -> list[Member]:
        found[-1][0].type, found[-1][0].linkname = kind, "/etc/passwd"
        return found

    return change


def named(found: list[Member], end: str) -> int:
    return next(n for n, (header, _) in enumerate(found) if header.name.endswith(end))


def content_of(end: str, new: bytes) -> Callable[[list[Member]], list[Member]]:
    """Other content for a file, with its checksum."""

    def change(found: list[Member]) -> list[Member]:
        at = named(found, end)
        found[at] = found[at][0], new
        return rewritten(found)

    return change


def listed(change: Callable[[dict[str, Any]], object]) -> Callable[[list[Member]], list[Member]]:
    return lambda found: rewritten(found, change)


def larger_network(found: list[Member]) -> list[Member]:
    at = named(found, "recipe.toml")
    text = found[at][1].replace(b"hidden = 6", b"hidden = 16384")
    assert text != found[at][1]
    return content_of("recipe.toml", text)(found)


def without_recipe(found: list[Member]) -> list[Member]:
    del found[1]
    return rewritten(found, lambda table: table["files"].pop(0))


def first(table: dict[str, Any]) -> dict[str, Any]:
    return table["files"][0]


HOSTILE: dict[str, tuple[Callable[[list[Member]], list[Member]], str]] = {
    "a path that climbs out": (renamed("../../evil"), "not a file of a run"),
    "an absolute path": (renamed("/tmp/evil"), "not a file of a run"),
    "a path in a checkpoint that climbs out": (
        renamed("checkpoints/step-00000001/../../../evil"),
        "not a file of a run",
    ),
    "a lock": (renamed("lock"), "not a file of a run"),
    "a file twice": (renamed("run.json"), "lists a file twice"),
    "a symbolic link": (typed(tarfile.SYMTYPE), "plain files"),
    "a hard link": (typed(tarfile.LNKTYPE), "plain files"),
    "a device": (typed(tarfile.CHRTYPE), "plain files"),
    "a FIFO": (typed(tarfile.FIFOTYPE), "plain files"),
    "a directory": (typed(tarfile.DIRTYPE), "plain files"),
    "another file than listed": (lambda found: [*found[:-2], found[-1]], "other files|declared"),
    "a file more": (lambda found: [*found, found[-1]], "other files"),
    "a file less": (lambda found: found[:-1], "damaged|too early"),
    "a wrong checksum": (listed(lambda t: first(t).update(sha256="0" * 64)), "checksum differs"),
    "no checksum": (listed(lambda t: first(t).update(sha256=None)), "no checksum"),
    "a wrong size": (listed(lambda t: first(t).update(size=3)), "as declared"),
    "a negative size": (listed(lambda t: first(t).update(size=-1)), "impossible size"),
    "a true size": (listed(lambda t: first(t).update(size=True)), "impossible size"),
    "too much in all": (listed(lambda t: [r.update(size=1 << 32) for r in t["files"]]), "GiB"),
    "a list of lists": (listed(lambda t: t.update(files=[[[]]])), "not a file of a run"),
    "a text for files": (listed(lambda t: t.update(files="x")), "cannot be read"),
    "a newer format": (listed(lambda t: t.update(format=2)), "another version"),
    "a text for a format": (listed(lambda t: t.update(format="1")), "not a bundle"),
    "too many files": (listed(lambda t: t.update(files=t["files"] * 2000)), "cannot be read"),
    "no recipe": (without_recipe, "does not begin"),
    "a damaged run.json": (content_of("run.json", b"[]"), "run.json"),
    "deep JSON": (content_of("run.json", b"[" * 100_000), "run.json"),
    "another vocabulary": (content_of("vocab.json", b"{}"), "vocab.json has changed"),
    "a recipe of another type": (content_of("recipe.toml", b"[model]\nhidden = []"), "hidden"),
    "a network that is too large": (larger_network, "larger network"),
    "weights that are none": (content_of("model.safetensors", b"\xff" * 4096), "checkpoint"),
}  # fmt: skip


QUICK = ("a path that climbs out", "a symbolic link", "a network that is too large")


@pytest.mark.parametrize("case", quick_ones(HOSTILE, *QUICK))
def test_a_hostile_bundle_is_refused_and_leaves_nothing(case: Any, bundle: Path, tmp_path: Path):
    change, why = case
    file = written(change(members(bundle)), tmp_path / "bad.tar.gz")
    root = tmp_path / "runs"
    with pytest.raises(DataError, match=why) as caught:
        import_bundle(file, root, "mine")
    message = str(caught.value)
    assert (
        "\n" not in message and "bad.tar.gz is not imported" in message and ".new-" not in message
    )
    assert not root.exists() or not list(root.iterdir())
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.tar.gz", "runs"}


@pytest.mark.parametrize("name", quick_first(["../evil", "", "a/b", ".hidden", "x" * 65, "\x00"]))
def test_a_hostile_name_is_refused(name: str, bundle: Path, tmp_path: Path):
    found = rewritten(members(bundle), lambda table: table.update(name=name))
    with pytest.raises(UsageError, match="name"):
        import_bundle(written(found, tmp_path / "bad.tar.gz"), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_other_files_than_bundles_are_refused(tmp_path: Path, bundle: Path):
    whole = bundle.read_bytes()
    for content, why in (
        (b"", "too early"),
        (b"hello", "not a gzip file"),
        (whole[: len(whole) // 2], "too early"),
        (whole + b"x", "follows"),
        (whole + whole, "follows"),
        (whole[:-30] + bytes(30), "damaged|follows|early|other files"),
        (gzip.compress(b"x" * 600), "damaged, or not one"),
    ):
        file = tmp_path / "file"
        file.write_bytes(content)
        with pytest.raises(DataError, match=why):
            import_bundle(file, tmp_path / "runs", "mine")
    for path in (tmp_path, tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(UsageError):
            import_bundle(path, tmp_path / "runs", "mine")


@pytest.mark.slow
def test_a_bomb_is_not_inflated(tmp_path: Path, bundle: Path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_EXPANSION", 1)
    header, manifest = members(bundle)[0]
    bomb = written([(header, manifest + b" " * (4 << 20))], tmp_path / "bomb.tar.gz")
    with pytest.raises(DataError, match="too long"):
        import_bundle(bomb, tmp_path / "runs", "mine")
    found = content_of("metrics.jsonl", b"\n" * (3 << 20))(members(bundle))
    bomb = written(found, tmp_path / "bomb.tar.gz")
    with pytest.raises(DataError, match="expands far more"):
        import_bundle(bomb, tmp_path / "runs", "mine")
    assert not list((tmp_path / "runs").iterdir())


def test_a_pax_header_is_not_read(tmp_path: Path, bundle: Path):
    """Its declared size could be anything, and tarfile would read it into memory."""
    found = members(bundle)
    with tarfile.open(tmp_path / "pax.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for header, content in found:
            header.pax_headers = {"comment": "x" * 2000}
            tar.addfile(header, io.BytesIO(content))
    with pytest.raises(DataError, match="plain files"):
        import_bundle(tmp_path / "pax.tar.gz", tmp_path / "runs", "mine")
