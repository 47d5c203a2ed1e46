"""
What was read of groups before, so that only the members of changed ones are read again.

Kept are the DNs of members, not who they are: that is found out anew for every listing, because
a DN may since have come to another person. A group counts as unchanged if an attribute that the
server changes with every change of an entry is equal to what it was, at the same server.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acl.errors import InputError
from ingestion.sources.ldap_listing import Entry, EntrySearch

logger = logging.getLogger(__name__)

USN: Final = "uSNChanged"
SERVICE: Final = "dsServiceName"
INVOCATION: Final = "invocationId"


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """
    How a group was when its members were read.
    """

    mark: bytes
    members: tuple[bytes, ...]


Known = Mapping[str, KnownGroup]


class ChangeMemory:
    """
    A file that may be lost, or deleted, at any time: then everything is read again.
    """

    def __init__(self, file: Path, attribute: str, settings: Sequence[str]) -> None:
        """
        `settings` are what else a group's members depend on.
        """
        self._file, self.attribute, self._settings = file, attribute, list(settings)

    def mark(self, entry: Entry) -> bytes:
        """
        Return what tells whether a group has changed.

        Raises:
            InputError: The server does not say.
        """
        values = entry.values(self.attribute)
        if len(values) != 1:
            msg = f"{entry.dn} has {len(values)} values of {self.attribute}; leave out 'changes'"
            raise InputError(msg)
        return bytes(values[0])

    def load(self, search: EntrySearch) -> Known:
        """
        Return what was read before of this server; nothing if there is any doubt.
        """
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["of"] != self._of(search):
                return {}
            return {
                dn: KnownGroup(_bytes(mark), tuple(_bytes(one) for one in members))
                for dn, (mark, members) in kept["groups"].items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s cannot be used, so every group is read again: %s", self._file, error)
            return {}

    def save(self, search: EntrySearch, groups: Known) -> None:
        """
        Remember what was read, in a file that nobody else can read.
        """
        written = {
            dn: [_text(one.mark), [_text(member) for member in one.members]]
            for dn, one in groups.items()
        }
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}.draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"of": self._of(search), "groups": written}, file)
        draft.replace(self._file)

    def _of(self, search: EntrySearch) -> list[str]:
        # Update numbers are those of one server, and of one life of it.
        if self.attribute != USN:
            return [*self._settings, self.attribute]
        root = search.entry("", [SERVICE])
        names = root.values(SERVICE) if root is not None else ()
        if len(names) != 1:
            msg = f"the server does not say which one it is; leave out 'changes = \"{USN}\"'"
            raise InputError(msg)
        service = names[0].decode("utf-8", errors="strict")
        found = search.entry(service, [INVOCATION])
        lives = found.values(INVOCATION) if found is not None else ()
        return [*self._settings, self.attribute, service, *(one.hex() for one in lives)]


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="surrogateescape")


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        msg = "not a text"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    return text.encode("utf-8", errors="surrogateescape")
