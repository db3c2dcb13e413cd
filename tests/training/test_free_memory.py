"""Free memory: that of the machine, and less where a container or a limit says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnntui.training import free_memory as module
from rnntui.training.free_memory import free_memory

MIB = 1 << 20
NO_LIMIT_V1 = "9223372036854771712"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up /proc and /sys/fs/cgroup with 8,192 MiB free."""
    monkeypatch.setattr(module, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(module, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(module, "MOUNT", tmp_path / "mount")
    (tmp_path / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {8192 * 1024} kB\n")
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "mount").mkdir()
    return tmp_path


def group(path: Path, limit: str, used: int, cached: int = 0, version: int = 2) -> None:
    most, use, key = module.FILES[version]
    path.mkdir(parents=True, exist_ok=True)
    (path / most).write_text(f"{limit}\n")
    (path / use).write_text(f"{used}\n")
    (path / "memory.stat").write_text(f"anon 1\n{key} {cached}\n")


def test_without_a_limit_it_is_what_the_machine_has(machine: Path) -> None:
    group(machine / "mount", "max", 5 * MIB)
    assert free_memory() == 8192 * MIB


def test_a_container_has_what_its_limit_leaves(machine: Path) -> None:
    group(machine / "mount", str(512 * MIB), 200 * MIB)
    assert free_memory() == 312 * MIB


def test_cached_files_can_be_given_back(machine: Path) -> None:
    group(machine / "mount", str(512 * MIB), 500 * MIB, cached=300 * MIB)
    assert free_memory() == 312 * MIB


def test_the_narrowest_group_above_counts(machine: Path) -> None:
    (machine / "cgroup").write_text("0::/user.slice/session.scope\n")
    group(machine / "mount/user.slice/session.scope", str(900 * MIB), 0)
    group(machine / "mount/user.slice", str(700 * MIB), 100 * MIB)
    group(machine / "mount", "max", 0)
    assert free_memory() == 600 * MIB


def test_a_path_of_the_host_falls_back_to_the_mounted_root(machine: Path) -> None:
    (machine / "cgroup").write_text("0::/docker/0123456789ab\n")
    group(machine / "mount", str(256 * MIB), 56 * MIB)
    assert free_memory() == 200 * MIB


def test_version_1(machine: Path) -> None:
    (machine / "cgroup").write_text("5:cpu,cpuacct:/\n4:memory:/docker/0123\n")
    group(machine / "mount/memory", str(300 * MIB), 100 * MIB, 20 * MIB, version=1)
    assert free_memory() == 220 * MIB


def test_version_1_without_a_limit(machine: Path) -> None:
    (machine / "cgroup").write_text("4:memory:/\n")
    group(machine / "mount/memory", NO_LIMIT_V1, 100 * MIB, version=1)
    assert free_memory() == 8192 * MIB


def test_more_used_than_allowed_leaves_nothing(machine: Path) -> None:
    group(machine / "mount", str(100 * MIB), 120 * MIB)
    assert free_memory() == 0


@pytest.mark.parametrize("text", ["", "nonsense", "0::", "\x00:\n::::"])
def test_a_strange_list_of_groups_is_no_limit(machine: Path, text: str) -> None:
    (machine / "cgroup").write_text(text)
    assert free_memory() == 8192 * MIB


def test_unreadable_numbers_are_no_limit(machine: Path) -> None:
    group(machine / "mount", "12 apples", 0)
    assert free_memory() == 8192 * MIB


def test_a_limit_on_the_address_space_counts(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64 << 40, resource.RLIM_INFINITY))
    assert free_memory() == 8192 * MIB
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, resource.RLIM_INFINITY))
    assert free_memory() == 0
