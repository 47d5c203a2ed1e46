"""
Builds the way in from the configuration.
"""

from contextlib import AbstractContextManager, ExitStack
from typing import Final

from acl.errors import ConfigurationError
from acl.index.edge_writer import EdgeWriter
from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
from acl.index.turn import Turn
from acl.keys.password import read_password
from acl.model.definers import Definer
from acl.model.documents import UNLABELLED
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.labels import NO_LABEL_POLICY, LabelPolicy
from acl.model.redaction import Redactor
from acl.registry.braking import BrakeRegistry
from acl.registry.pushed_content import PushQueue
from acl.registry.pushing import PushWriter
from acl.registry.pushing_groups import PushedGroupWriter
from acl.registry.writing import RegistryWriter
from acl.settings_directories import LdapDirectorySettings, names_of
from acl.settings_sources import SourceSettings
from acl.wiring import Ground
from ingestion.brake import Brake, BrakeLimits
from ingestion.extract import SandboxedExtractor
from ingestion.pipeline import Pipeline
from ingestion.push import PushIntake
from ingestion.pushed_content import PushedContent
from ingestion.reconcile import Reconciler
from ingestion.redact.pool import PooledRedactor
from ingestion.seal import Sealer
from ingestion.settle import Settler
from ingestion.sources.exchange import ExchangeSource
from ingestion.sources.labelled import LabelledSource, LabelRule, LabelRules
from ingestion.sources.ldap import LdapSource
from ingestion.sources.ldap_listing import Wanted
from ingestion.sources.ldap_search import EntrySearch
from ingestion.sources.port import Source

TURN_FILE: Final = "settling.lock"
QUESTION_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0


def build_redactor(ground: Ground, stack: ExitStack) -> Redactor:
    """
    Return a redactor with its worker processes, which end with `stack`.
    """
    processes = ground.configuration.settings.redaction.processes
    return stack.enter_context(PooledRedactor(ground.keys.pseudonyms, processes))


def build_question_redactor(ground: Ground, stack: ExitStack) -> Redactor:
    """
    Return the same redactor for questions: one worker, so that the recognizers never hold up
    the process that answers. A question is short, and others wait for the one before theirs.
    """
    pool = PooledRedactor(ground.keys.pseudonyms, 1, reply_seconds=QUESTION_SECONDS)
    return stack.enter_context(pool)


def build_answer_redactor(ground: Ground, stack: ExitStack) -> Redactor:
    """
    Return the same redactor for answers that are checked: a worker that no question waits for,
    started when the first answer is.
    """
    pool = PooledRedactor(ground.keys.pseudonyms, 1, reply_seconds=ANSWER_SECONDS, at_once=False)
    return stack.enter_context(pool)


def build_push_redactor(ground: Ground, stack: ExitStack) -> Redactor:
    """
    Return the same redactor for pushed documents: a worker that no question waits for.
    """
    return stack.enter_context(PooledRedactor(ground.keys.pseudonyms, 1))


def build_source(ground: Ground, settings: SourceSettings) -> Source:
    """
    Return a configured source.
    """
    configuration = ground.configuration
    if settings.path is None:
        msg = f"source {settings.name} has no folder: what it holds is pushed"
        raise ConfigurationError(msg)
    folder = configuration.beside(settings.path)
    for ours in (configuration.data_dir, configuration.file.resolve()):
        if ours.is_relative_to(folder) or folder.is_relative_to(ours):
            msg = (
                f"source {settings.name}: its folder {folder} and {ours} lie inside each other, so "
                "a document could name a key; give the source a folder of its own"
            )
            raise ConfigurationError(msg)
    listed = ExchangeSource(
        SourceName(settings.name),
        folder,
        ground.tenant,
        AuthorityId(settings.authority),
        ground.clock,
    )
    return LabelledSource(listed, label_rules(ground, settings))


def build_directory(ground: Ground, settings: LdapDirectorySettings) -> LdapSource:
    """
    Return a directory that is read by LDAP; nothing is asked yet.

    Raises:
        ConfigurationError: The extra is not installed, or a file of it is missing or unsafe.
    """
    try:
        from ingestion.sources.ldap_connection import LdapAddress, connected  # noqa: PLC0415
    except ImportError as error:
        msg = f"directory {settings.name} needs the extra: pip install 'readership[ldap]' ({error})"
        raise ConfigurationError(msg) from error
    configuration = ground.configuration
    ca_file = configuration.beside(settings.ca_file) if settings.ca_file else None
    if ca_file is not None and not ca_file.is_file():
        msg = f"ca_file {ca_file} of directory {settings.name} does not exist"
        raise ConfigurationError(msg)
    password_file = configuration.beside(settings.password_file)

    def connect() -> AbstractContextManager[EntrySearch]:
        address = LdapAddress(
            settings.url,
            settings.start_tls,
            ca_file,
            settings.bind_dn,
            # Read for every sync, so that a changed password needs no restart.
            read_password(password_file),
            settings.page,
            settings.timeout,
        )
        return connected(address)

    wanted = Wanted(
        settings.users_base,
        settings.users_filter,
        settings.user_id,
        settings.groups_base,
        settings.groups_filter,
        settings.group_id,
        settings.member,
        none_hidden=settings.memberless_groups == "empty",
    )
    name, authority = SourceName(settings.name), AuthorityId(settings.authority)
    return LdapSource(name, ground.tenant, authority, wanted, connect, ground.clock)


def label_rules(ground: Ground, settings: SourceSettings) -> LabelRules:
    """
    Return how the documents of a source are labelled, listed and pushed ones alike.
    """
    rules = [LabelRule(one.documents, one.label) for one in settings.label_rules]
    return LabelRules(rules, ground.configuration.default_label(settings))


def build_settler(ground: Ground, lease: EngineLease, embedder: Embedder) -> Settler:
    """
    Return what makes the index follow the registry.
    """
    registry = RegistryWriter(ground.database, ground.tenant, ground.namer, ground.sealer)
    index = EdgeWriter(lease, ground.namer, embedder.dimension)
    turn = Turn(ground.configuration.data_dir / TURN_FILE)
    return Settler(registry, index, ground.namer, turn)


def build_intake(ground: Ground, pipeline: Pipeline) -> PushIntake:
    """
    Return what accepts pushes.
    """
    return PushIntake(
        tenant=ground.tenant,
        documents=PushWriter(ground.database, ground.tenant, ground.namer, ground.sealer),
        groups=PushedGroupWriter(ground.database, ground.tenant),
        keks=ground.keys.content,
        pipeline=pipeline.fingerprint(),
    )


def build_pushed_content(ground: Ground, settler: Settler, pipeline: Pipeline) -> PushedContent:
    """
    Return what processes the content of pushes.
    """
    return PushedContent(
        queue=PushQueue(ground.database, ground.tenant, settler.registry, ground.sealer),
        pipeline=pipeline,
        index=settler.index,
        settler=settler,
        keks=ground.keys.content,
        clock=ground.clock,
    )


def build_pipeline(
    ground: Ground,
    label: str,
    *,
    embedder: Embedder,
    redactor: Redactor,
    extractor: SandboxedExtractor,
) -> Pipeline:
    """
    Return the steps; `label` is that of documents which state none.
    """
    sealer = Sealer(ground.tenant, ground.namer, ground.keys.content, ground.keys.vault)
    return Pipeline(extractor, redactor, embedder, sealer, ground.namer, label)


def build_reconciler(
    ground: Ground,
    settings: SourceSettings | LdapDirectorySettings,
    *,
    lease: EngineLease,
    embedder: Embedder,
    redactor: Redactor,
    extractor: SandboxedExtractor,
) -> Reconciler:
    """
    Return what syncs one source.
    """
    settler = build_settler(ground, lease, embedder)
    default = default_label(ground, settings)
    pipeline = build_pipeline(
        ground, default, embedder=embedder, redactor=redactor, extractor=extractor
    )
    return Reconciler(
        registry=settler.registry,
        index=settler.index,
        pipeline=pipeline,
        settler=settler,
        namer=ground.namer,
        clock=ground.clock,
        brake=build_brake(ground),
        kind=Definer.LDAP if isinstance(settings, LdapDirectorySettings) else Definer.SOURCE,
    )


def default_label(ground: Ground, settings: SourceSettings | LdapDirectorySettings) -> str:
    """
    Return the label of documents that state none; a directory has no documents.
    """
    if isinstance(settings, LdapDirectorySettings):
        return UNLABELLED
    return ground.configuration.default_label(settings)


def build_brake(ground: Ground) -> Brake | None:
    """
    Return the brake, or nothing where it is switched off.
    """
    settings = ground.configuration.settings
    if not settings.brake.enabled:
        return None
    order = tuple(settings.labels.order) if settings.labels else ()
    limits = BrakeLimits(
        documents=settings.brake.documents,
        group_size=settings.brake.group_size,
        label=settings.brake.label,
        allow_first_sync=settings.brake.first_sync == "allow",
        labels=LabelPolicy(order, order[0]) if order else NO_LABEL_POLICY,
    )
    named = (*names_of(settings.sources), *names_of(settings.directories))
    sources = [SourceName(one) for one in named]
    registry = BrakeRegistry(ground.database, ground.tenant, sources)
    return Brake(limits, registry, ground.namer, ground.clock)
