"""
Documents of alice and of bob, with and without addresses and dates, short and long.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from acl.model.assurance import Demands
from retrieval.answer import ReadingRoom
from tests.ingestion.world import allow
from tests.retrieval.mcp.speaking import HANDSHAKE, Speaker
from tests.scenarios.installation import Installation, client

WIKI: Final = "https://wiki.acme.example"
LONG_CHARACTERS: Final = 130_000
DAYS: Final = range(1, 8)


@dataclass(frozen=True)
class Library:
    """
    Two sources that a room knows, and the people who read there.
    """

    premises: Installation
    sources: tuple[str, str]
    room: ReadingRoom

    @classmethod
    def founded(cls, premises: Installation) -> "Library":
        """
        Ingest it all.
        """
        first, second = premises.fresh(), premises.fresh()
        premises.write(first, [*_of_alice(), *_of_bob()])
        premises.write(second, _dated())
        for source in (first, second):
            premises.sync(source, "corp")
        return cls(premises, (first, second), premises.room([first, second], ["corp"]))

    def token(self, reader: str, **claims: object) -> dict[str, str]:
        """
        Return the header of a reader's token.
        """
        if not claims:
            return self.premises.bearer(reader, {"corp": reader})
        now = int(self.premises.clock().timestamp())
        said = {"sub": reader, "id_in_corp": reader, "iat": now - 60, "exp": now + 800, **claims}
        return {"Authorization": f"Bearer {self.premises.issuer.token(claims=said)}"}

    def speaker(
        self, reader: str = "alice", era: str = HANDSHAKE, room: ReadingRoom | None = None
    ) -> Speaker:
        """
        Return a reader's client.
        """
        return Speaker(client(room or self.room), self.token(reader), era)

    def demanding(self, demands: Mapping[tuple[str, str], Any]) -> ReadingRoom:
        """
        Return a room that wants stronger sign-ins.
        """
        authorizer = replace(self.room.authorizer, demands=Demands(demands))
        return replace(self.room, authorizer=authorizer)

    def passage(self, words: str, reader: str = "alice") -> str:
        """
        Return the id of the best hit.
        """
        results = self.speaker(reader).told("search", query=words)["results"]
        return str(results[0]["id"])


def _of_alice() -> list[dict[str, object]]:
    long = " ".join(f"longword{number}" for number in range(LONG_CHARACTERS // 12))
    said: list[dict[str, object]] = [
        {
            "id": "plan",
            "title": "Heron plan",
            "url": f"{WIKI}/plan",
            "modified": "2026-10-02T09:00:00Z",
            "text": "heronword: we launch in autumn.",
        },
        {"id": "notes", "title": "Notes", "text": "notesword: nothing else is known."},
        {"id": "script", "title": "S", "url": "javascript:alert(1)", "text": "scriptword."},
        {"id": "long", "title": "Long", "text": long},
    ]
    return [{**one, "acl": allow("user:alice")} for one in said]


def _of_bob() -> list[dict[str, object]]:
    text = "bobsword: for bob alone. heronword."
    return [{"id": "his", "title": "His own", "text": text, "acl": allow("user:bob")}]


def _dated() -> list[dict[str, object]]:
    both = allow("user:alice", "user:bob")
    dated: list[dict[str, object]] = [
        {
            "id": f"day-{day}",
            "title": f"Day {day}",
            "modified": f"2026-11-0{day}T12:00:00Z",
            "text": f"diaryword of day {day}",
            "acl": both,
        }
        for day in DAYS
    ]
    return [*dated, {"id": "dateless", "title": "D", "text": "diaryword of no day", "acl": both}]
