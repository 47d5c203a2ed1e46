"""
Compiles the `acl` member of the exchange format into an ACL snapshot.

The forms (architecture section 6):

- short: `{"allow": [principal…], "deny": [principal…]}`; a denial wins.
- full: `{"gates": [[{"permit": [principal…]}, {"deny": [principal…], "until": time}]]}`;
  the first entry that names the reader decides, and every gate must open.

Anything else is refused with the reason. Nothing is ever skipped: a list with one entry that
cannot be understood is a list whose meaning is unknown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, parse_principal

SHORT_FORM = frozenset({"allow", "deny"})
FULL_FORM = frozenset({"gates"})
ENTRY_MEMBERS = frozenset({"permit", "deny", "until"})


def compile_acl(acl: object, *, tenant: TenantId, authority: AuthorityId) -> AclSnapshot:
    """
    Compile either form.

    Raises:
        ValueError: Neither form; the message says what is wrong and where.
    """
    if not isinstance(acl, Mapping):
        msg = f"acl must be an object with 'allow' and 'deny' or with 'gates', not {acl!r:.80}"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    compiler = _Compiler(tenant, authority)
    if acl.keys() <= SHORT_FORM and acl:
        return AclSnapshot(tenant, (compiler.short(acl),))
    if acl.keys() == FULL_FORM:
        return AclSnapshot(tenant, compiler.gates(acl["gates"]))
    msg = f"acl must hold 'allow'/'deny' or 'gates' and nothing else, found {sorted(acl)!r:.120}"
    raise ValueError(msg)


class _Compiler:
    def __init__(self, tenant: TenantId, authority: AuthorityId) -> None:
        self._tenant = tenant
        self._authority = authority

    def short(self, acl: Mapping[str, object]) -> Gate:
        denied = self._principals(acl.get("deny", []), "deny")
        allowed = self._principals(acl.get("allow", []), "allow")
        gate: list[Entry] = []
        if denied:
            gate.append(Entry(Effect.DENY, denied))
        if allowed:
            gate.append(Entry(Effect.PERMIT, allowed))
        return tuple(gate)

    def gates(self, gates: object) -> tuple[Gate, ...]:
        if not isinstance(gates, list) or not all(isinstance(gate, list) for gate in gates):
            msg = "'gates' must be a list of lists of entries"
            raise ValueError(msg)
        return tuple(
            tuple(self._entry(entry, f"gate {g}, entry {e}") for e, entry in enumerate(gate, 1))
            for g, gate in enumerate(gates, 1)
        )

    def _entry(self, entry: object, where: str) -> Entry:
        if not isinstance(entry, dict) or not entry.keys() <= ENTRY_MEMBERS:
            msg = f"{where}: an entry holds 'permit' or 'deny', and 'until' if it ends"
            raise ValueError(msg)
        effects = [effect for effect in Effect if effect.value in entry]
        if len(effects) != 1:
            msg = f"{where}: an entry either permits or denies"
            raise ValueError(msg)
        named = self._principals(entry[effects[0].value], where)
        if not named:
            msg = f"{where}: names nobody"
            raise ValueError(msg)
        return Entry(effects[0], named, _until(entry, where))

    def _principals(self, named: object, where: str) -> frozenset[Principal]:
        if not isinstance(named, list):
            msg = f"{where}: expected a list of principals"
            raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
        return frozenset(
            parse_principal(text, tenant=self._tenant, authority=self._authority) for text in named
        )


def _until(entry: Mapping[str, object], where: str) -> datetime | None:
    if "until" not in entry:
        return None
    moment = _moment(entry["until"])
    if moment is None:
        msg = f"{where}: 'until' must be a time with a zone, such as 2027-01-01T00:00:00Z"
        raise ValueError(msg)
    return moment


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        # Storage writes UTC, which has no name for the edges of the calendar in other zones.
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
