"""
What another process does to a registry: `python -m tests.acl.registry.processes WHAT URL`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from acl.model.documents import DocumentState
from acl.model.identifiers import DocumentId
from acl.model.revocations import CutOff, TokensOf
from acl.registry.database import migrate, open_database
from acl.registry.revoking import RevocationBoard
from acl.registry.turn import sync_turn
from acl.registry.writing import PermissionChange, RegistryWriter
from tests.acl.people import ACME, BOB, HANDBOOK, NOON, readable_by
from tests.acl.registry.registries import NAMER, SEALER

ROOT: Final = Path(__file__).parents[3]


def start(what: str, url: str) -> "subprocess.Popen[str]":
    """
    Start another process that does one thing and ends.
    """
    command = [sys.executable, "-m", __name__, what, url]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def finished(process: "subprocess.Popen[str]") -> str:
    """
    Wait for it, and return what it complained about.
    """
    _, complaint = process.communicate(timeout=60)
    return complaint


def revoke(url: str) -> None:
    """
    Take the payroll from alice, and give it to bob.
    """
    database = open_database(url, may_write=True)
    writer = RegistryWriter(database, ACME, NAMER, SEALER)
    change = PermissionChange(
        DocumentId("payroll"), DocumentState.LIVE, readable_by(BOB), "internal"
    )
    writer.apply_permissions(HANDBOOK, [change], None, now=NOON)
    database.close()


def revoke_tokens(url: str) -> None:
    """
    Revoke every token of alice that was issued until noon.
    """
    database = open_database(url, may_write=True)
    alice = TokensOf("https://idp.acme.example", "sub", "alice")
    RevocationBoard(database).apply([CutOff(alice, NOON)], reason="a test", now=NOON)
    database.close()


def hold(url: str) -> None:
    """
    Hold the turn to sync, say so, and never give it back.
    """
    with sync_turn(url):
        print("held", flush=True)  # noqa: T201 - what the test waits for
        sys.stdin.read()


if __name__ == "__main__":
    {"revoke": revoke, "revoke_tokens": revoke_tokens, "migrate": migrate, "hold": hold}[
        sys.argv[1]
    ](sys.argv[2])
