"""
Puts the push desk together, if a source has clients that push.

It has a writing connection of its own; everything that answers readers keeps the read-only one.
"""

from collections.abc import Callable
from contextlib import ExitStack

from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
from acl.model.documents import UNLABELLED
from acl.model.identifiers import AuthorityId, SourceName
from acl.model.redaction import Redactor
from acl.settings import Configuration
from acl.settings_sources import SourceSettings
from acl.wiring import Ground, open_ground
from ingestion.extract import SandboxedExtractor
from ingestion.pushed_body import Namespace
from ingestion.pushed_content import PushWorker
from ingestion.wiring import (
    build_intake,
    build_pipeline,
    build_push_redactor,
    build_pushed_content,
    build_settler,
    label_rules,
)
from readership.push_desk import PushDesk, PushedSource
from readership.recording import DeskRecords
from readership.staying import build_sender_rule
from retrieval.identity_wiring import TrustedIssuers
from retrieval.wiring import build_verifier


def takes_pushes(configuration: Configuration) -> bool:
    """
    Say whether any client may push to any source.
    """
    return any(one.push_clients for one in configuration.settings.sources)


def open_push_desk(
    configuration: Configuration,
    embedder: Embedder,
    lease: EngineLease,
    stack: ExitStack,
    *,
    redactor: Callable[[Ground, ExitStack], Redactor] = build_push_redactor,
    issuers: TrustedIssuers | None = None,
) -> PushDesk:
    """
    Load what pushes need, resume what a crash has left, and start the worker.

    `issuers` are those of the process; see `retrieval.wiring.build_verifier`.
    """
    ground = open_ground(configuration, may_write=True)
    stack.callback(ground.close)
    pipeline = build_pipeline(
        ground,
        UNLABELLED,
        embedder=embedder,
        redactor=redactor(ground, stack),
        extractor=stack.enter_context(SandboxedExtractor()),
    )
    content = build_pushed_content(ground, build_settler(ground, lease, embedder), pipeline)
    return PushDesk(
        verifier=build_verifier(ground, issuers),
        sources={
            one.name: _pushed_source(ground, one)
            for one in configuration.settings.sources
            if one.push_clients
        },
        intake=build_intake(ground, pipeline),
        queue=content.queue,
        worker=stack.enter_context(PushWorker(content)),
        records=DeskRecords(ground.trail, ground.clock, "push"),
        senders=build_sender_rule(ground),
        clock=ground.clock,
    )


def _pushed_source(ground: Ground, settings: SourceSettings) -> PushedSource:
    labels = label_rules(ground, settings)
    issuer = settings.push_issuer or ground.configuration.settings.issuers[0].issuer
    return PushedSource(
        name=SourceName(settings.name),
        space=Namespace(ground.tenant, AuthorityId(settings.authority), labels),
        clients=frozenset((issuer, one) for one in settings.push_clients),
        observes=settings.path is None,
    )
