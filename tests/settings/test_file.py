"""The configuration file: where it is, and how it is replaced."""

from __future__ import annotations

import os
import threading
import tomllib
from pathlib import Path

import pytest

from rnntui.errors import RunError, UsageError
from rnntui.settings.file import change_file, config_path, read_text, remember


def names_in(directory: Path) -> list[str]:
    """The names of the files in a directory."""
    return sorted(path.name for path in directory.iterdir())


def test_the_path() -> None:
    assert config_path({"RNNTUI_CONFIG": "/a/b.toml"}) == Path("/a/b.toml")
    assert config_path({"RNNTUI_CONFIG": "c.toml"}).is_absolute()
    assert config_path({"RNNTUI_CONFIG": "~nobody-of-this-name/c"}).is_absolute()
    assert config_path({}).name == "config.toml" and "rnntui" in str(config_path({}))


def test_the_file_is_made_with_its_directory_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rnntui" / "config.toml"
    assert change_file(path, {"theme": "nord"})
    assert not change_file(path, {"theme": "nord"})
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    assert change_file(path, {"theme": None, "view": "health"})
    assert read_text(path) == 'view = "health"\n' and path.stat().st_mode & 0o777 == 0o644
    assert names_in(path.parent) == ["config.toml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_text("# mine\n")
    link = tmp_path / "config.toml"
    link.symlink_to(target)
    change_file(link, {"theme": "nord"})
    assert link.is_symlink() and target.read_text() == '# mine\ntheme = "nord"\n'


def test_what_cannot_be_written_is_an_error_or_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "damaged.toml"
    damaged.write_text("theme = ")
    with pytest.raises(UsageError, match="not valid TOML"):
        change_file(damaged, {"theme": "nord"})
    path = damaged / "config.toml"  # not in a directory
    with pytest.raises(RunError, match="cannot write"):
        change_file(path, {"theme": "nord"})
    for one in (damaged, path, tmp_path, Path("/dev/null")):
        remember(one, {"theme": "nord"})
    assert damaged.read_text() == "theme = " and not Path("/dev/null").is_file()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    good = tmp_path / "good.toml"
    good.write_text("# kept\n")
    with pytest.raises(RunError, match="No space left"):
        change_file(good, {"theme": "nord"})
    assert good.read_text() == "# kept\n" and names_in(tmp_path) == [damaged.name, good.name]


def test_two_dashboards_at_once_leave_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")

    def write(name: str, values: tuple[str, ...]) -> None:
        for value in values * 25:
            remember(path, {name: value})

    jobs = [("theme", ("nord", "dark")), ("glyphs", ("blocks", "ascii"))]
    threads = [threading.Thread(target=write, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        tomllib.loads(path.read_text())
    for thread in threads:
        thread.join()
    assert path.read_text().startswith("# mine\n") and tomllib.loads(path.read_text())
    assert names_in(tmp_path) == ["config.toml"]
