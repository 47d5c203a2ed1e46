"""
The exchange format: a folder with `documents.jsonl` and `groups.jsonl` (architecture 6).

Every line stands for itself: one that cannot be used is reported with its number, and the
others count. What a bad line leaves open is never filled with a guess:

- a line whose document is known but whose ACL is not hides that document;
- a line that names no document at all makes the listing incomplete, so a document missing
  from it is withheld but not deleted;
- an id that occurs twice is ambiguous, and so is everything said about it;
- a group line that cannot be used leaves its group undefined, and therefore unknown.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from acl.errors import InputError
from acl.model.exchange import compile_acl
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentId, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.model.strict_json import named_in, parse_object
from ingestion.sources.jail import open_below
from ingestion.sources.members import (
    DOCUMENT_MEMBERS,
    GROUP_MEMBERS,
    MAX_CONTENT_BYTES,
    Description,
    description_of,
    encoded,
    group_of,
    identifier_of,
    require_known,
)
from ingestion.sources.port import ListedDocument, Observation, Problem

MAX_LINE_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    offset: int
    text: bytes | None  # None: longer than MAX_LINE_BYTES


class ExchangeSource:
    """
    Reads one exchange-format folder.
    """

    def __init__(
        self,
        name: SourceName,
        folder: Path,
        tenant: TenantId,
        authority: AuthorityId,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.authority = authority
        self._folder = folder
        self._tenant = tenant
        self._clock = clock
        self._content: dict[DocumentId, tuple[int, str | None]] = {}

    def observe(self) -> Observation:
        """
        Read both files; see `Source.observe`.
        """
        at, stamp = self._clock(), self._stamp()
        problems: list[Problem] = []
        groups = self._groups(problems)
        documents, complete = self._documents(problems)
        if not documents and complete:
            complete = False
            problems.append(Problem("documents.jsonl", "lists nothing; taken for incomplete"))
        return Observation(at, documents, groups, tuple(problems), complete, stamp)

    def unchanged_since(self, observation: Observation) -> bool:
        """
        Compare the files' identity, size and times with those at the observation.
        """
        return self._stamp() == observation.stamp

    def fetch(self, listed: ListedDocument) -> bytes:
        """
        Read a document's content, and make sure that it is what was listed.
        """
        if listed.content_problem:
            raise InputError(listed.content_problem)
        offset, path = self._content[listed.document]
        content = self._read_path(path) if path is not None else self._read_inline(offset)
        if hashlib.sha256(content).hexdigest() != listed.content_digest:
            msg = "the content changed while it was being read; the next sync will take it"
            raise InputError(msg)
        return content

    def _documents(self, problems: list[Problem]) -> tuple[dict[DocumentId, ListedDocument], bool]:
        listed: dict[DocumentId, ListedDocument] = {}
        complete = True
        self._content = {}
        for line in self._lines("documents.jsonl", required=True):
            where = f"documents.jsonl:{line.number}"
            try:
                document = self._document(line, where)
            except ValueError as error:
                named = _named(line)
                if named is None:
                    problems.append(Problem(where, str(error)))
                    complete = False
                    continue
                document = _unusable(named, where, str(error))
            if earlier := listed.get(document.document):
                problems.append(_repeated(document, earlier))
                listed[document.document] = _withheld(earlier, f"id repeated at {where}")
                continue
            problems += _problems(document)
            listed[document.document] = document
        return listed, complete

    def _document(self, line: _Line, where: str) -> ListedDocument:
        stated = _members(line, DOCUMENT_MEMBERS)
        identifier = identifier_of(stated)
        acl, acl_problem = self._acl(stated)
        path = stated.get("path")
        digest, content_problem = self._digest(stated)
        self._content[identifier] = (line.offset, path if isinstance(path, str) else None)
        try:
            described = description_of(stated)
        except ValueError as error:
            described, content_problem = Description(), str(error)
        return ListedDocument(
            document=identifier,
            title=described.title or identifier,
            url=described.url,
            mime=described.mime,
            modified=described.modified,
            label=described.label,
            acl=acl,
            acl_problem=acl_problem,
            content_digest=digest,
            content_problem=content_problem,
            where=where,
            author=described.author,
        )

    def _acl(self, stated: dict[str, object]) -> tuple[AclSnapshot | None, str]:
        if "acl" not in stated:
            return None, "no 'acl': hidden from everybody until its source states one"
        try:
            acl = compile_acl(stated["acl"], tenant=self._tenant, authority=self.authority)
        except ValueError as error:
            return None, f"{error}; hidden from everybody until this is corrected"
        return acl, ""

    def _digest(self, stated: dict[str, object]) -> tuple[str, str]:
        text, path = stated.get("text"), stated.get("path")
        if isinstance(text, str) == isinstance(path, str):
            return "", "needs either 'text' or 'path', as a string"
        try:
            content = encoded(text) if isinstance(text, str) else self._read_path(str(path))
        except InputError as error:
            return "", error.diagnostics()
        if not content:
            return "", "has no content: zero bytes"
        return hashlib.sha256(content).hexdigest(), ""

    def _groups(self, problems: list[Problem]) -> dict[Principal, frozenset[Principal]]:
        defined: dict[Principal, frozenset[Principal]] = {}
        ambiguous: set[Principal] = set()
        for line in self._lines("groups.jsonl", required=False):
            where = f"groups.jsonl:{line.number}"
            try:
                group, members = self._group(line)
            except ValueError as error:
                problems.append(Problem(where, f"{error}; its group is unknown until corrected"))
                ambiguous |= self._named_group(line)
                continue
            if group in defined:
                problems.append(Problem(where, f"{group} is defined twice; it is now unknown"))
                ambiguous.add(group)
            if group in members:
                problems.append(Problem(where, f"{group} is a member of itself; that adds nothing"))
            defined[group] = members
        return {g: members for g, members in defined.items() if g not in ambiguous}

    def _group(self, line: _Line) -> tuple[Principal, frozenset[Principal]]:
        stated = _members(line, GROUP_MEMBERS)
        return group_of(stated, tenant=self._tenant, authority=self.authority)

    def _named_group(self, line: _Line) -> set[Principal]:
        # Another line may define the same group; which of the two is right is a guess.
        named = named_in(line.text or b"", "id") or ""
        try:
            return {Principal(self._tenant, self.authority, PrincipalKind.GROUP, named)}
        except ValueError:
            return set()

    def _lines(self, name: str, *, required: bool) -> Iterator[_Line]:
        if _is_missing(self._folder / name):
            if not required:
                return
            what = "it lists documents and who may read them: README.md, 'The exchange format'"
            msg = f"{self._folder} has no {name}; {what}"
            raise InputError(msg)
        with open_below(self._folder, name, max_bytes=2**40) as file:
            number, offset = 0, 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                whole = line.endswith(b"\n") or len(line) <= MAX_LINE_BYTES
                if line.strip() or not whole:
                    yield _Line(number, offset, line if whole else None)
                offset += len(line) if whole else len(line) + _skip_line(file)

    def _read_inline(self, offset: int) -> bytes:
        with open_below(self._folder, "documents.jsonl", max_bytes=2**40) as file:
            file.seek(offset)
            try:
                text = parse_object(file.readline(MAX_LINE_BYTES), half_pairs=True).get("text")
            except ValueError as error:
                msg = f"documents.jsonl changed while it was being read: {error}"
                raise InputError(msg) from error
        return encoded(text if isinstance(text, str) else "")

    def _read_path(self, path: str) -> bytes:
        with open_below(self._folder, path, max_bytes=MAX_CONTENT_BYTES) as file:
            try:
                return file.read(MAX_CONTENT_BYTES + 1)
            except OSError as error:
                msg = f"path {path!r:.200} cannot be read: {error.strerror}"
                raise InputError(msg) from error

    def _stamp(self) -> tuple[tuple[int, ...] | None, ...]:
        return tuple(_identity(self._folder / name) for name in ("documents.jsonl", "groups.jsonl"))


def _members(line: _Line, known: frozenset[str]) -> dict[str, object]:
    if line.text is None:
        msg = f"longer than {MAX_LINE_BYTES} bytes; put the text into a file and name its 'path'"
        raise ValueError(msg)
    # A document with half a pair in its text or title keeps its ACL: only the content is refused.
    stated = parse_object(line.text, half_pairs=True)
    require_known(stated, known)
    return stated


def _named(line: _Line) -> DocumentId | None:
    try:
        return identifier_of({"id": named_in(line.text or b"", "id")})
    except ValueError:
        return None


def _problems(document: ListedDocument) -> list[Problem]:
    found = dict.fromkeys((document.acl_problem, document.content_problem))
    return [Problem(document.where, what, document.document) for what in found if what]


def _repeated(again: ListedDocument, earlier: ListedDocument) -> Problem:
    what = f"the id already stands at {earlier.where}; the document is hidden until one is left"
    return Problem(again.where, what, again.document)


def _withheld(document: ListedDocument, problem: str) -> ListedDocument:
    return replace(document, acl=None, acl_problem=problem)


def _unusable(document: DocumentId, where: str, what: str) -> ListedDocument:
    return ListedDocument(document, str(document), "", "", None, None, None, what, "", what, where)


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while part := file.readline(MAX_LINE_BYTES):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _is_missing(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # opening it says what is wrong
    return False


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
