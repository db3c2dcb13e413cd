"""An export appears complete or not at all, and replaces nothing by accident."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from rnntui.errors import OutputError, UsageError
from rnntui.export.format import Export, Format, always
from rnntui.export.writing import check_target, write_export

EXPORT = Export(Path("nowhere/run"))


def file_of(text: str) -> Format:
    return Format("file", "", ".txt", lambda _, target: target.write_text(text) and None)


def folder_of(*names: str) -> Format:
    def write(_: Export, target: Path) -> None:
        target.mkdir()
        for name in names:
            (target / name).write_text("new")

    return Format("folder", "", "", write, folder=always)


def everything(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_an_existing_file_is_replaced_only_with_force(tmp_path: Path):
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(UsageError, match="already exists"):
        write_export(file_of("new"), EXPORT, out)
    assert everything(tmp_path) == {"out": "mine"}
    write_export(file_of("new"), EXPORT, out, force=True)
    assert everything(tmp_path) == {"out": "new"}


def test_force_replaces_a_link_not_what_it_points_at(tmp_path: Path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out").symlink_to("mine")
    write_export(file_of("new"), EXPORT, tmp_path / "out", force=True)
    assert everything(tmp_path) == {"mine": "mine", "out": "new"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["pipe", "link"])
@pytest.mark.parametrize("form", [file_of("new"), folder_of("a")])
def test_a_device_or_a_pipe_is_never_replaced(tmp_path: Path, form: Format, name: str, force: bool):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with pytest.raises(UsageError, match=f"--out .*{name}: is a device, a pipe or a socket"):
        write_export(form, EXPORT, tmp_path / name, force=force)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
    assert (tmp_path / "link").is_symlink()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev and /proc")
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/none"])
def test_what_may_lead_to_a_file_is_not_replaced_in_dev(path: str):
    with pytest.raises(UsageError, match="is a device"):
        check_target(Path(path), EXPORT.run, force=True)  # which writes nothing


def test_force_replaces_a_folder_of_an_earlier_export_only(tmp_path: Path):
    out = tmp_path / "out"
    write_export(folder_of("a", "b"), EXPORT, out)
    (out / "a").write_text("old")
    write_export(folder_of("a", "b"), EXPORT, out, force=True)
    assert everything(tmp_path) == {"out/a": "new", "out/b": "new"}
    (out / "thesis").write_text("mine")
    with pytest.raises(UsageError, match="thesis"):
        write_export(folder_of("a", "b"), EXPORT, out, force=True)
    with pytest.raises(UsageError, match="is a folder"):
        write_export(file_of("new"), EXPORT, out, force=True)
    assert everything(tmp_path) == {"out/a": "new", "out/b": "new", "out/thesis": "mine"}


def test_a_folder_does_not_replace_a_file(tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="not a folder"):
        write_export(folder_of("a"), EXPORT, tmp_path / "out", force=True)
    assert everything(tmp_path) == {"out": "mine"}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_behind(tmp_path: Path, error: BaseException):
    def write(_: Export, target: Path) -> None:
        target.mkdir()
        (target / "part").write_text("x")
        raise error

    expected = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write_export(Format("f", "", "", write), EXPORT, tmp_path / "out")
    assert not list(tmp_path.iterdir())
    if isinstance(error, OSError):
        assert str(caught.value).endswith("out: No space left")


def test_no_export_goes_into_a_run(tmp_path: Path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    for out in (run / "out", tmp_path / "missing" / "out", tmp_path / "..", Path("/")):
        with pytest.raises(UsageError):
            write_export(file_of("new"), Export(run), out)
    assert everything(tmp_path) == {"run/run.json": "{}"}
