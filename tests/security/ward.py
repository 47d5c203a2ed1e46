"""
One document that alice may read, in a source of its own: what a fault is to take from her.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final

from fastapi.testclient import TestClient

from acl.keys.acl_seal import AclSealer
from acl.keys.naming import Namer
from acl.model.identifiers import DocumentId, DocumentKey, SourceName
from acl.registry.permissions import PermissionRegistry
from retrieval.answer import ReadingRoom
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import Target, search

CANARY: Final = "zanzibarcanary"
DOCUMENT: Final = "ward"
ALICE: Final = {"corp": "alice"}
ENG: Final = {"id": "eng", "members": ["user:alice"]}
KEEPER: Final = {"id": "other", "text": "Something else.", "acl": {"allow": ["user:nobody"]}}


@dataclass
class Ward:
    """
    The document that is to be lost, and how alice asks for it.
    """

    installation: Installation
    source: str
    room: ReadingRoom
    target: Target
    ids: Mapping[str, str] = field(default_factory=lambda: ALICE)
    token: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def ingested(cls, installation: Installation) -> "Ward":
        """
        Ingest a new one that alice can read.
        """
        source = installation.fresh()
        ward = cls(installation, source, installation.room([source], ALICE), Target("", "", ""))
        ward.state([ward.line()], [ENG])
        unknown = Target(source, DOCUMENT, "", CANARY)
        found = search(ward.http(), ward.headers(), unknown).json()["passages"]
        ward.target = replace(unknown, passage=found[0]["id"])
        return ward

    def line(self, **members: object) -> dict[str, object]:
        """
        Return the document's line, with other members where a fault wants them.
        """
        # A readership of its own: what happens to it happens to no other ward.
        acl = {"allow": ["group:eng", f"user:of-{self.source}"]}
        said = {"id": DOCUMENT, "title": f"Of the {CANARY}", "text": f"The {CANARY} sings."}
        return {**said, "acl": acl, **members}

    def state(self, documents: list[object], groups: list[object]) -> None:
        """
        Let the source say something else, and sync it.
        """
        self.installation.write(self.source, [*documents, KEEPER], groups)
        self.installation.sync(self.source, "corp")

    def http(self) -> TestClient:
        """
        Return a client of the room as it now is.
        """
        return client(self.room)

    def headers(self) -> Mapping[str, str]:
        """
        Return alice's token.
        """
        return self.token or self.installation.bearer("alice", self.ids)

    def key(self) -> DocumentKey:
        """
        Return the document's name in the registry.
        """
        return self.installation.ground.namer.document(
            SourceName(self.source), DocumentId(DOCUMENT)
        )

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """
        Do to the registry's file what somebody with a shell could do.
        """
        url = self.installation.ground.configuration.registry_url
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as file, file:
            file.execute("PRAGMA foreign_keys=OFF")
            return file.execute(statement, values).fetchall()

    def with_permissions(self, permissions: PermissionRegistry) -> None:
        """
        Read permissions from another registry.
        """
        room = self.room
        self.room = replace(
            room,
            permissions=permissions,
            authorizer=replace(room.authorizer, permissions=permissions),
            rechecker=replace(room.rechecker, permissions=permissions),
        )

    def read_by(self, namer: Namer, sealer: AclSealer) -> None:
        """
        Read the registry with other keys.
        """
        ground, budgets = self.installation.ground, self.room.authorizer.budgets
        clock = self.installation.clock
        self.with_permissions(
            PermissionRegistry(
                ground.database,
                ground.tenant,
                namer,
                sealer,
                believed=lambda currency, switches: budgets.fresh(currency, switches, clock()),
            )
        )
