"""
`readership sync` as people start it, end it too early, start it twice, and set it up wrongly.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from readership.syncing import only_sync
from tests.ingestion.world import Snapshot, World, allow, document, tools, write_lines

pytestmark = pytest.mark.models

DEEP: Final = bool(os.environ.get("READERSHIP_DEEP"))
DOCUMENTS: Final = 60
READERS: Final = ("alice", "bob")
PATIENCE_SECONDS: Final = 120.0
RUNNING: Final = "another sync is running on this data directory; this one leaves"

CONFIGURATION: Final = """\
[service]
tenant = "acme"
resource = "https://rag.acme.example/mcp"
data_dir = "./data"
[embedding]
model = "hashing"
[redaction]
processes = 1
"""
SOURCE: Final = """\
[[sources]]
name = "{0}"
kind = "exchange"
path = "./{0}"
authority = "corp-{0}"
"""


@dataclass(frozen=True)
class Installation:
    """
    A configuration, its folders and its data directory.
    """

    directory: Path

    @classmethod
    def lay_out(cls, directory: Path, *sources: str) -> "Installation":
        """
        Write a configuration with these sources.
        """
        directory.mkdir(exist_ok=True)
        text = CONFIGURATION + "".join(SOURCE.format(name) for name in sources)
        (directory / "readership.toml").write_text(text)
        for name in sources:
            (directory / name).mkdir(exist_ok=True)
        return cls(directory)

    def keyed_as(self, other: "Installation") -> "Installation":
        """
        Take over the keys, so that pseudonyms and names are the same.
        """
        self.data.mkdir(mode=0o700)
        shutil.copytree(other.data / "keys", self.data / "keys")
        return self

    @property
    def data(self) -> Path:
        """
        The data directory.
        """
        return self.directory / "data"

    def write(
        self, documents: list[object], groups: list[object], source: str = "handbook"
    ) -> None:
        """
        Replace a source's listing.
        """
        write_lines(self.directory / source / "groups.jsonl", groups)
        write_lines(self.directory / source / "documents.jsonl", documents)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """
        Start `readership sync`.
        """
        command = [sys.executable, "-m", "readership", "--config", "readership.toml", "sync"]
        return subprocess.Popen(
            [*command, *arguments],
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sync(self, *arguments: str) -> "Done":
        """
        Run `readership sync` to its end.
        """
        return finished(self.start(*arguments))

    def committed(self) -> int:
        """
        Return how many documents the registry has as live; -1 while there is no registry.
        """
        try:
            with closing(sqlite3.connect(f"file:{self.data}/registry.db?mode=ro", uri=True)) as db:
                row = db.execute("SELECT count(*) FROM documents WHERE state = 'live'").fetchone()
        except sqlite3.Error:
            return -1
        return int(row[0])

    def snapshot(self) -> Snapshot:
        """
        Return the state of the first source, read through its registry and its engine.
        """
        with tools(self.data / "index") as own, World(self.directory, own) as world:
            return world.site("handbook").snapshot(*READERS)


@dataclass(frozen=True)
class Done:
    """
    How a program ended.
    """

    code: int
    out: str
    err: str

    def reports(self) -> list[dict[str, Any]]:
        """
        Return what `--json` printed.
        """
        printed: list[dict[str, Any]] = json.loads(self.out)
        return printed


def finished(process: "subprocess.Popen[str]") -> Done:
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return Done(process.returncode, out, " ".join(err.split()))


def listing() -> list[object]:
    """
    Return documents enough for several batches.
    """
    return [
        document(
            f"document {n}",
            f"Number {n} was written by Jane Miller. " + "It says the same as the others. " * 20,
            acl=[allow("everyone"), allow("user:alice"), allow("group:eng")][n % 3],
        )
        for n in range(DOCUMENTS)
    ]


GROUPS: Final[list[object]] = [{"id": "eng", "members": ["user:bob"]}]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """
    An installation whose first sync nothing interrupted.
    """
    one = Installation.lay_out(tmp_path_factory.mktemp("whole"), "handbook")
    one.write(listing(), GROUPS)
    done = one.sync("--json")
    assert 0 == done.code, done.err
    assert {"seen": DOCUMENTS, "new": DOCUMENTS} == done.reports()[0]["counts"]
    return one


def ended_at(process: "subprocess.Popen[str]", reached: Callable[[], bool], number: int) -> Done:
    """
    Wait for a moment, and send a signal.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached() and process.poll() is None:
        assert time.monotonic() < deadline, "the sync did not get there"
        time.sleep(0.005)
    process.send_signal(number)
    return finished(process)


@pytest.mark.promise("crash-safe")
def test_a_sync_ended_again_and_again_ends_where_a_whole_one_does(
    whole: Installation, tmp_path: Path
) -> None:
    """
    By SIGKILL or Ctrl-C, while it starts and whenever it has got somewhat further; then it is
    let through. Ctrl-C gives exit code 130 and no traceback.
    """
    one = Installation.lay_out(tmp_path / "ended", "handbook").keyed_as(whole)
    one.write(listing(), GROUPS)
    ends = {-1: signal.SIGKILL, 1: signal.SIGKILL, 17: signal.SIGINT, 33: signal.SIGKILL}
    if DEEP:
        ends |= {0: signal.SIGKILL, 16: signal.SIGKILL, 32: signal.SIGINT, 49: signal.SIGKILL}

    for moment, number in sorted(ends.items()):
        done = ended_at(one.start(), lambda m=moment: one.committed() >= m, number)  # type: ignore[misc]
        assert (130 if number is signal.SIGINT else -number) == done.code, done.err
        assert "Traceback" not in done.err
    assert 0 < one.committed() < DOCUMENTS
    last = one.sync("--json")

    assert (0, DOCUMENTS) == (last.code, one.committed())
    assert whole.snapshot() == one.snapshot()


def test_an_interrupted_sync_says_that_nothing_is_lost(tmp_path: Path) -> None:
    one = Installation.lay_out(tmp_path / "interrupted", "handbook")
    one.write(listing(), GROUPS)

    done = ended_at(one.start(), lambda: one.committed() >= 0, signal.SIGINT)

    assert done.err.endswith("interrupted; nothing is lost, run the same command again")


@pytest.mark.promise("crash-safe")
def test_two_first_syncs_at_once_are_one(tmp_path: Path) -> None:
    """
    The second says so and leaves, and has neither made nor replaced a key.
    """
    one = Installation.lay_out(tmp_path / "twice", "handbook")
    one.write(listing()[:3], GROUPS)

    running = [one.start("--json"), one.start("--json")]
    first, second = sorted(map(finished, running), key=lambda done: done.code)

    assert (0, 1) == (first.code, second.code), second.err
    assert f"error: {RUNNING}" in second.err
    assert {"seen": 3, "new": 3} == first.reports()[0]["counts"]
    assert {"document 0", "document 2"} == one.snapshot().found["bob"].keys()


def test_a_sync_beside_a_running_one_leaves(whole: Installation) -> None:
    with only_sync(whole.data):
        done = whole.sync()

    assert (1, f"error: {RUNNING}") == (done.code, done.err)


def test_a_dry_run_changes_nothing(whole: Installation) -> None:
    """
    It says what would be done; the sync after it does just that.
    """
    before = whole.snapshot()
    whole.write([*listing()[2:], {"id": "document 1", "text": "without an ACL"}], GROUPS)

    done = whole.sync("--dry-run", "--json")

    whole_counts = {"seen": 59, "unchanged": 58, "hidden": 1, "removed": 1}
    (report,) = done.reports()
    assert (0, True, whole_counts) == (done.code, report["dry_run"], report["counts"])
    assert before == whole.snapshot()
    whole.write(listing(), GROUPS)


def test_people_get_a_table_and_programs_get_json(whole: Installation) -> None:
    for_people, for_programs = whole.sync(), whole.sync("--json", "handbook")

    assert "unchanged" in for_people.out
    assert "60" in for_people.out
    expected = {"seen": DOCUMENTS, "unchanged": DOCUMENTS}
    assert [
        {"source": "handbook", "dry_run": False, "counts": expected, "problems": []}
    ] == for_programs.reports()


def test_an_unknown_source_is_a_wrong_usage(whole: Installation) -> None:
    done = whole.sync("handbok")

    assert (2, "error: there is no source 'handbok'; configured: handbook") == (done.code, done.err)


def test_a_source_that_cannot_be_read_does_not_hold_up_another(tmp_path: Path) -> None:
    """
    And every bad line of the other is told and counted, and costs itself alone.
    """
    one = Installation.lay_out(tmp_path / "two", "broken", "handbook")
    folder = one.directory / "handbook"
    (tmp_path / "outside.txt").write_text("outside")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "empty.txt").touch()
    with (folder / "large.txt").open("wb") as large:
        large.truncate(200_000_000)
    (folder / "latin.txt").write_bytes(b"caf\xe9 " * 50)
    bad: Mapping[str, object] = {
        "Expecting": '{"id": "cut off", "text": ',
        "no 'acl'": {"id": "without acl", "text": "x"},
        "unknown principal 'role:boss'": document("kind", acl=allow("role:boss")),
        "leaves the source's folder": document("outside", path="../../outside.txt"),
        "symbolic links are refused": document("link", path="link.txt"),
        "No such file": document("missing", path="none.txt"),
        "200000000 bytes": document("large", path="large.txt"),
        "zero bytes": document("empty", path="empty.txt"),
        "NaN is not a JSON number": b'{"id": "nan", "text": "x", "metadata": NaN}',
        "not UTF-8 at byte 3": document("latin", path="latin.txt"),
        "half of a surrogate pair": document("half", title="\ud800"),
    }
    twice = [document("twice", "once"), document("twice", "again")]
    one.write(
        [document("good"), *bad.values(), *twice],
        [
            {"id": "own", "members": ["group:own"]},
            {"id": "double", "members": []},
            {"id": "double", "members": []},
        ],
    )

    done = one.sync("--json")

    assert 1 == done.code
    assert "broken has no documents.jsonl; it lists documents and who may read them" in done.err
    (report,) = done.reports()
    assert {
        "seen": 12,
        "new": 2,
        "hidden": 4,
        "quarantined": 7,
        "unusable": 3,
    } == report["counts"]
    told = report["problems"]
    for number, message in enumerate(bad, 2):
        line = f"documents.jsonl:{number}"
        assert any(one.startswith(line) and message in one for one in told), (message, told)
    for message in ("the id already stands at documents.jsonl:13", "member of itself", "twice"):
        assert any(message in one for one in told), (message, told)
    assert {"good"} == one.snapshot().found["bob"].keys()


@contextmanager
def tampered(path: Path) -> Iterator[Path]:
    """
    Put a file or directory back afterwards.
    """
    kept = path.with_name(path.name + ".kept")
    copy: Callable[[Path, Path], object] = shutil.copytree if path.is_dir() else shutil.copy2
    copy(path, kept)
    try:
        yield path
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        kept.rename(path)


def test_missing_keys_are_not_made_anew(whole: Installation) -> None:
    """
    New ones would open nothing of what is there.
    """
    with tampered(whole.data / "keys") as keys:
        shutil.rmtree(keys)
        done = whole.sync()
        assert not keys.exists()

    assert 2 == done.code
    assert (
        "keys is missing although the registry exists; restore the keys from a backup" in done.err
    )


@pytest.mark.promise("key-file-permissions")
@pytest.mark.parametrize("name", ["keys/content.key", "keys/acl-seal.key", "keys", "."])
def test_what_others_may_read_is_refused(whole: Installation, name: str) -> None:
    path = whole.data / name
    mode = path.stat().st_mode
    path.chmod(0o755 if path.is_dir() else 0o644)

    done = whole.sync()

    path.chmod(mode)
    assert 2 == done.code
    assert "can be read or changed by others; run: chmod" in done.err


def test_another_tenants_data_are_refused(whole: Installation) -> None:
    with tampered(whole.directory / "readership.toml") as file:
        file.write_text(file.read_text().replace('tenant = "acme"', 'tenant = "other"'))
        done = whole.sync()

    assert 2 == done.code
    assert "made with tenant 'acme', the configuration says 'other'" in done.err


def test_vectors_of_another_model_are_refused(whole: Installation) -> None:
    change = "UPDATE installation SET value = ? WHERE name = 'embedding'"
    with closing(sqlite3.connect(whole.data / "registry.db")) as registry:
        registry.execute(change, ["another/1"])
        registry.commit()
        done = whole.sync()
        registry.execute(change, ["hashing/1"])
        registry.commit()

    assert 2 == done.code
    assert "made with embedding 'another/1', the configuration says 'hashing/1'" in done.err
