"""
Puts the SCIM desk together, if a directory is provisioned.

It has a writing connection of its own; everything that answers readers keeps the read-only one.
"""

from contextlib import ExitStack
from urllib.parse import urlsplit

from acl.model.identifiers import AuthorityId, SourceName
from acl.model.provisioning import IdAttribute, ProvisionedDirectory
from acl.model.scopes import SCIM_SCOPE
from acl.registry.provisioned import ProvisionedRegistry
from acl.registry.provisioning_groups import GroupProvisioning
from acl.registry.provisioning_users import UserProvisioning
from acl.registry.same_directory import require_same_directory
from acl.settings import Configuration
from acl.settings_directories import ScimDirectorySettings
from acl.wiring import Ground, open_ground
from readership.recording import DeskRecords
from readership.scim.desk import ScimDesk, ScimDirectory
from readership.scim.routes import PREFIX
from readership.staying import build_sender_rule
from retrieval.api.app import RefusalRecorder
from retrieval.api.problems import Challenges
from retrieval.identity_wiring import TrustedIssuers, scope_names
from retrieval.wiring import build_verifier


def takes_provisioning(configuration: Configuration) -> bool:
    """
    Say whether any directory is provisioned by SCIM.
    """
    return bool(_provisioned(configuration))


def open_scim_desk(
    configuration: Configuration, stack: ExitStack, *, issuers: TrustedIssuers | None = None
) -> ScimDesk:
    """
    Open what provisioning clients need; `issuers` are those of the process.

    Raises:
        RegistryMismatchError: A directory was provisioned with other ids than are configured.
    """
    ground = open_ground(configuration, may_write=True)
    stack.callback(ground.close)
    names = [one.issuer for one in configuration.settings.issuers]
    directories: dict[tuple[str, str], ScimDirectory] = {}
    for one in _provisioned(configuration):
        opened = _opened(ground, one)
        issuer = one.issuer or names[0]
        directories |= {(issuer, client): opened for client in one.clients}
    return ScimDesk(
        verifier=build_verifier(ground, issuers),
        directories=directories,
        records=DeskRecords(ground.trail, ground.clock, "provision"),
        senders=build_sender_rule(ground),
        refused_token=RefusalRecorder(ground.trail, ground.clock),
        clock=ground.clock,
        base=scim_base(configuration),
    )


def scim_base(configuration: Configuration) -> str:
    """
    Return where clients find SCIM: beside the resource.
    """
    parts = urlsplit(configuration.settings.service.resource)
    return f"{parts.scheme}://{parts.netloc}{PREFIX}"


def scim_challenges(configuration: Configuration) -> Challenges:
    """
    Return what a client without a good token is told.
    """
    settings = configuration.settings
    proofs = any(one.sender.dpop for one in settings.issuers)
    return Challenges(
        settings.service.resource, SCIM_SCOPE, scope_names(configuration), proofs=proofs
    )


def _provisioned(configuration: Configuration) -> list[ScimDirectorySettings]:
    directories = configuration.settings.directories
    return [one for one in directories if isinstance(one, ScimDirectorySettings)]


def _opened(ground: Ground, settings: ScimDirectorySettings) -> ScimDirectory:
    directory = ProvisionedDirectory(
        SourceName(settings.name),
        AuthorityId(settings.authority),
        IdAttribute(settings.user_id),
        IdAttribute(settings.group_id),
    )
    require_same_directory(ground.database, directory, now=ground.clock())
    return ScimDirectory(
        name=directory.name,
        users=UserProvisioning(ground.database, ground.tenant, directory),
        groups=GroupProvisioning(ground.database, ground.tenant, directory),
        registry=ProvisionedRegistry(ground.database, directory.name),
        unique_group_names=directory.group_id is IdAttribute.DISPLAY_NAME,
    )
