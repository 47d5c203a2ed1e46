"""
`readership held` as operators use it: look, release, sync.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.test_sync_cli import PATIENCE_SECONDS, Done, Installation
from tests.ingestion.world import allow, document

pytestmark = [pytest.mark.models, pytest.mark.promise("brake")]

NAMES = ("a", "b")
BRAKE = "[brake]\ndocuments = 1\n"


def run(one: Installation, *arguments: str) -> Done:
    command = [sys.executable, "-m", "readership", "--config", "readership.toml", *arguments]
    done = subprocess.run(
        command,
        cwd=one.directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout, " ".join(done.stderr.split()))


def printed(one: Installation, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(run(one, *arguments, "--json").out)


def write(one: Installation, *readers: str) -> None:
    one.write([document(name, acl=allow(*readers)) for name in NAMES], [])


def last_event(one: Installation) -> dict[str, Any]:
    with closing(sqlite3.connect(one.data / "audit.db")) as db:
        row = db.execute("SELECT event FROM trail ORDER BY number DESC LIMIT 1").fetchone()
    event: dict[str, Any] = json.loads(row[0])
    return event


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """
    An installation that was synced, and then told that everyone may read two documents.
    """
    one = Installation.lay_out(tmp_path_factory.mktemp("held") / "one", "handbook")
    configuration = one.directory / "readership.toml"
    configuration.write_text(configuration.read_text() + BRAKE)
    write(one, "user:alice")
    assert 0 == one.sync().code
    write(one, "everyone")
    done = one.sync()
    assert 0 == done.code
    assert "2 documents are held for review; look at them with 'readership held list'" in done.err
    return one


def test_what_is_held_is_listed_shown_and_reported(held: Installation) -> None:
    listed = printed(held, "held", "list", "handbook")
    (shown,) = printed(held, "held", "show", "--document", "a", "--source", "handbook")
    found = printed(held, "doctor")

    assert [("a", ["everyone"]), ("b", ["everyone"])] == [
        (one["document"], one["exposed_to"]) for one in listed
    ]
    assert [["corp-handbook", "user", "alice"]] == shown["old"][0][0]["principals"]
    assert [["", "everyone", ""]] == shown["new"][0][0]["principals"]
    assert ["2 documents; see 'readership held list'"] == [
        one["detail"] for one in found if one["name"] == "held for review"
    ]


def test_people_see_what_programs_see(held: Installation) -> None:
    listed, shown = run(held, "held", "list"), run(held, "held", "show", "--document", "b")

    assert "everyone" in listed.out
    assert "would newly be readable by: everyone" in shown.out
    assert "new ACL" in shown.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["release", "--reason", "r"], "say what to release"),
        (["release", "--reason", "r", "--all", "--source", "handbook"], "say what to release"),
        (["release", "--reason", "r", "--document", "c"], "no document 'c' is held"),
        (["show", "--document", "c"], "no document 'c' is held"),
        (["list", "attic"], "there is no source 'attic'"),
    ],
)
def test_wrong_usage_says_what_is_wrong(
    held: Installation, arguments: list[str], complaint: str
) -> None:
    done = run(held, "held", *arguments)

    assert 2 == done.code
    assert complaint in done.err


def test_a_release_is_recorded_and_takes_effect_with_the_next_sync(tmp_path: Path) -> None:
    one = Installation.lay_out(tmp_path / "one", "handbook")
    configuration = one.directory / "readership.toml"
    configuration.write_text(configuration.read_text() + BRAKE)
    write(one, "user:alice")
    one.sync()
    write(one, "everyone")
    one.sync()
    wanted = [(two["document"], two["wanted"]) for two in printed(one, "held", "list")]

    done = run(one, "held", "release", "--source", "handbook", "--reason", "ticket 4711")
    between = printed(one, "held", "list")
    (report,) = one.sync("--json").reports()

    assert (0, True) == (done.code, "takes effect with the next sync" in done.out)
    event = last_event(one)
    assert ("held", "released") == (event["action"], event["outcome"])
    assert "ticket 4711" == event["details"]["reason"]
    assert wanted == [(two["document"], two["wanted"]) for two in event["details"]["documents"]]
    assert all(two["released_at"] for two in between)
    assert 2 == report["counts"]["re-permissioned"]
    assert "held" not in report["counts"]
    assert [] == printed(one, "held", "list")
