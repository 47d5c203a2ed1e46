"""
Tells why a reader may or may not read a document, link by link.

For a permit every link of the chain is named; for a denial the first one that is missing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from acl.decision.membership import Directory
from acl.decision.read import Deny, Permit, decide_read
from acl.model.grants import AclSnapshot
from acl.model.principals import Principal


def explain_read(
    directory: Directory,
    linked: Iterable[Principal],
    snapshot: AclSnapshot | None,
    *,
    now: datetime,
) -> tuple[bool, list[str]]:
    """
    Return the verdict (`True` permits) and the chain as sentences.
    """
    held = tuple(sorted(linked))
    standing = directory.standing_of(held)
    decision = decide_read(standing, snapshot, now=now)
    if not held:
        return False, ["no identity link gives this reader a principal: the reader is nobody"]
    chain = [f"the reader is {', '.join(map(str, held))}"]
    match decision:
        case Permit():
            chain += _permit_lines(directory, held, decision)
            return True, chain
        case Deny():
            chain += _deny_lines(directory, held, decision)
            return False, chain


def _permit_lines(
    directory: Directory, held: tuple[Principal, ...], permit: Permit
) -> Iterator[str]:
    for opening in permit.openings:
        yield from _path_lines(directory, held, opening.principal)
        yield f"gate {opening.gate}, entry {opening.entry} permits {opening.principal}"


def _deny_lines(directory: Directory, held: tuple[Principal, ...], deny: Deny) -> Iterator[str]:
    if deny.principal is not None:
        yield from _path_lines(directory, held, deny.principal)
    where = f"gate {deny.gate}" if deny.gate else ""
    where += f", entry {deny.entry}" if deny.entry else ""
    named = f": {deny.principal}" if deny.principal is not None else ""
    yield f"{where}: {deny.reason}{named}" if where else deny.reason


def _path_lines(
    directory: Directory, held: tuple[Principal, ...], target: Principal
) -> Iterator[str]:
    path = directory.path_to(held, target)
    for member, group in pairwise(path):
        yield f"{member} is a member of {group}"
