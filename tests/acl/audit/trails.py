"""
Audit trails in a directory of their own, and a program that appends to one.

Run as `python -m tests.acl.audit.trails DIRECTORY NAME COUNT`, it appends events.
"""

import sys
from pathlib import Path
from typing import Final

from acl.audit.chain import AuditTrail, metadata
from acl.audit.events import AuditEvent
from acl.registry.database import Database, open_database
from tests.acl.people import NOON

KEY: Final = b"a" * 32


def database(directory: Path) -> Database:
    opened = open_database(f"sqlite:///{directory / 'audit.db'}", may_write=True)
    with opened.writing() as connection:
        metadata.create_all(connection)
    return opened


def trail(directory: Path, opened: Database | None = None, *, key: bytes = KEY) -> AuditTrail:
    return AuditTrail(opened or database(directory), key, directory / "audit.checkpoint")


def event(number: int, who: str = "alice") -> AuditEvent:
    return AuditEvent(
        at=NOON,
        request_id=f"{who}-{number}",
        action="search",
        outcome="released",
        issuer="https://idp.acme.example",
        subject=who,
        client="chat",
        actors=("planner",),
        details={"epoch": number, "released": [{"passage": str(number), "name": "Łódź"}]},
    )


if __name__ == "__main__":
    for number in range(int(sys.argv[3])):
        trail(Path(sys.argv[1])).append(event(number, sys.argv[2]))
