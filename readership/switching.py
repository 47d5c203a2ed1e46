"""
`readership switch`: takes a document, source, reader, group or client out of service at once.
"""

from acl.errors import ConfigurationError
from acl.model.identifiers import AuthorityId, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.model.switches import Switch, SwitchedOff, SwitchKind
from acl.registry.switchboard import SwitchBoard
from acl.settings import Configuration
from acl.wiring import open_ground

WITHIN = {
    SwitchKind.DOCUMENT: "source",
    SwitchKind.READER: "issuer",
    SwitchKind.CLIENT: "issuer",
    SwitchKind.GROUP: "authority",
}
"""
What makes a name of each kind unique; `--in` names it.
"""


def throw(configuration: Configuration, switch: Switch, *, off: bool, reason: str) -> bool:
    """
    Throw a switch; say whether that changed anything.

    Raises:
        RegistryUnavailableError: It could not be committed; nothing has changed.
    """
    ground = open_ground(configuration, may_write=True)
    try:
        board = SwitchBoard(ground.database)
        if off:
            return board.switch_off(switch, reason, now=ground.clock())
        return board.switch_on(switch, now=ground.clock())
    finally:
        ground.close()


def switched_off(configuration: Configuration) -> list[SwitchedOff]:
    """
    Return everything that is switched off.
    """
    ground = open_ground(configuration, may_write=False)
    try:
        return SwitchBoard(ground.database).off()
    finally:
        ground.close()


def named(configuration: Configuration, kind: SwitchKind, name: str, within: str | None) -> Switch:
    """
    Return the switch of something, with what makes its name unique filled in or checked.

    A name is not looked up: in an emergency a thing may be switched off before it is known.

    Raises:
        ConfigurationError: It is not said, or not configured, where the name belongs.
    """
    if kind is SwitchKind.SOURCE:
        return Switch(kind, "", configuration.source(name).name)
    known = _known(configuration, kind)
    where = WITHIN[kind]
    if within is None and len(known) == 1:
        within = known[0]
    if within not in known:
        listed = ", ".join(known) or "none"
        msg = f"name the {where} of {kind} {name!r} with --in; configured: {listed}"
        raise ConfigurationError(msg)
    if kind is SwitchKind.GROUP:
        _require_group(configuration, within, name)
    return Switch(kind, within, name)


def _known(configuration: Configuration, kind: SwitchKind) -> list[str]:
    settings = configuration.settings
    match kind:
        case SwitchKind.DOCUMENT:
            return [one.name for one in settings.sources]
        case SwitchKind.GROUP:
            linked = {link.authority for issuer in settings.issuers for link in issuer.links}
            return sorted({one.authority for one in settings.sources} | linked)
        case _:
            return [one.issuer for one in settings.issuers]


def _require_group(configuration: Configuration, authority: str, name: str) -> None:
    tenant = TenantId(configuration.settings.service.tenant)
    try:
        Principal(tenant, AuthorityId(authority), PrincipalKind.GROUP, name)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
