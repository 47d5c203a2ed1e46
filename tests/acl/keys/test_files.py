"""
Key files: ours alone, whole, and never overwritten.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from acl.keys.errors import KeyFileError
from acl.keys.files import PURPOSES, create_keys, load_keys, require_private

pytestmark = pytest.mark.promise("key-file-permissions")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    directory = tmp_path / "keys"
    create_keys(directory)
    return directory


def refusal(directory: Path) -> str:
    with pytest.raises(KeyFileError) as refused:
        load_keys(directory)
    return refused.value.diagnostics()


def test_created_keys_are_ours_alone(keys: Path) -> None:
    assert 0o700 == stat.S_IMODE(keys.stat().st_mode)
    assert {f"{purpose}.key" for purpose in PURPOSES} == {one.name for one in keys.iterdir()}
    for one in keys.iterdir():
        assert 0o600 == stat.S_IMODE(one.stat().st_mode)


def test_created_keys_are_ours_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_keys(tmp_path / "keys")
    finally:
        os.umask(before)

    load_keys(tmp_path / "keys")


def test_every_purpose_has_a_key_of_its_own(keys: Path) -> None:
    loaded = load_keys(keys)

    assert len(PURPOSES) == len({one.read_bytes() for one in keys.iterdir()})
    assert 4 == len({loaded.index, loaded.pseudonyms, loaded.acl_seal, loaded.audit})
    assert {32} == {len(one) for one in (loaded.index, loaded.pseudonyms, loaded.audit)}


def test_keys_do_not_show_in_logs(keys: Path) -> None:
    loaded = load_keys(keys)

    assert str(loaded.audit) not in repr(loaded)
    assert "FileKek object" in repr(loaded.content)


def test_creating_again_changes_nothing(keys: Path) -> None:
    before = {one.name: one.read_bytes() for one in keys.iterdir()}
    (keys / "audit.key").unlink()

    create_keys(keys)

    after = {one.name: one.read_bytes() for one in keys.iterdir()}
    assert before.keys() == after.keys()
    assert ["audit.key"] == [name for name in before if before[name] != after[name]]


def test_a_key_that_another_process_made_meanwhile_is_kept(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Two first starts at once: between the look and the write the other one was faster.
    """
    before = {one.name: one.read_bytes() for one in keys.iterdir()}
    monkeypatch.setattr(Path, "exists", lambda _: False)

    create_keys(keys)

    assert before == {one.name: one.read_bytes() for one in keys.iterdir()}


@pytest.mark.parametrize(
    "mode", [0o601, 0o602, 0o604, 0o610, 0o620, 0o640, 0o644, 0o660, 0o666, 0o777]
)
def test_a_key_open_to_others_is_refused(keys: Path, mode: int) -> None:
    (keys / "content.key").chmod(mode)

    assert f"run: chmod 600 {keys / 'content.key'}" in refusal(keys)


@pytest.mark.parametrize("mode", [0o701, 0o705, 0o710, 0o720, 0o740, 0o750, 0o755, 0o777, 0o1777])
def test_a_key_directory_open_to_others_is_refused(keys: Path, mode: int) -> None:
    keys.chmod(mode)

    assert f"run: chmod 700 {keys}" in refusal(keys)
    keys.chmod(0o700)


def test_somebody_elses_key_is_refused(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    assert "change its owner" in refusal(keys)


def _linked(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_suffix(".gone"))


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "restore it from a backup"),
    "a symbolic link": (_linked, "put the key file itself there"),
    "a dangling link": (_dangling, "put the key file itself there"),
    "a directory": (_directory, "restore it from a backup"),
    "empty": (lambda path: path.write_bytes(b""), "restore it from a backup"),
    "short": (lambda path: path.write_bytes(b"AAAA"), "expected 32"),
    "long": (lambda path: path.write_bytes(b"A" * 44 + b"AAAA"), "restore it from a backup"),
    "not base64": (lambda path: path.write_bytes(b"?" * 44), "restore it from a backup"),
    "binary": (lambda path: path.write_bytes(bytes(range(128, 160))), "restore it from a backup"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:20]), "restore it from a backup"),
    "two lines": (lambda path: path.write_bytes(path.read_bytes() * 2), "restore it from a backup"),
}


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("how", sorted(SPOILED))
def test_a_spoiled_key_is_refused_and_the_reason_says_what_to_do(
    keys: Path, how: str, purpose: str
) -> None:
    spoil, advice = SPOILED[how]
    spoil(keys / f"{purpose}.key")

    reason = refusal(keys)

    assert f"{purpose}.key" in reason
    assert advice in reason


def test_a_directory_behind_a_link_is_refused(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(keys)

    assert "symbolic link" in refusal(tmp_path / "link")


def test_a_data_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    with pytest.raises(KeyFileError) as refused:
        require_private(tmp_path)

    assert f"chmod 700 {tmp_path}" in refused.value.diagnostics()
