"""
`readership doctor`: looks at everything that the service needs, and says what to do.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from acl.errors import ReadershipError
from acl.index.engine_lease import EngineLease
from acl.registry.held import HeldDocuments
from acl.registry.revoking import REMEMBERED, RevocationBoard
from acl.settings import Configuration
from acl.wiring import Ground, build_embedder, open_ground, open_lease, require_same_installation
from ingestion.extract import sandbox_layers
from ingestion.wiring import build_question_redactor, build_settler, build_source
from readership.directories import describe_directory
from readership.findings import Finding, fine, look, wrong
from readership.forgetting import left_behind
from readership.issuer_findings import issuer_findings
from retrieval.console.wiring import redirect_address, require_page_secret
from retrieval.wiring import permission_registry, source_budgets


def examine(configuration: Configuration) -> Iterator[Finding]:
    """
    Yield what was found, in the order in which things depend on each other.
    """
    yield fine("configuration", str(configuration.file))
    yield from issuer_findings(configuration)
    yield look("reader's page", lambda: _reader_page(configuration))
    yield look("extraction sandbox", _sandbox)
    with ExitStack() as stack:
        try:
            ground = open_ground(configuration, may_write=True)
        except ReadershipError as error:
            yield wrong("data directory", error.diagnostics())
            return
        stack.callback(ground.close)
        yield fine("data directory", f"{configuration.data_dir}, keys are private")
        yield look("audit trail", lambda: _audit(ground))
        registry = look("registry", ground.database.describe)
        yield registry
        yield look("recognizers", lambda: _recognizers(ground))
        if not registry.healthy:
            return
        yield look("embedding and index", lambda: _index(ground, stack))
        yield from _sources(ground)
        yield from statement_findings(ground)


def _reader_page(configuration: Configuration) -> str:
    page = configuration.settings.reader_page
    if page is None:
        return "not configured: citations of documents without an address lead nowhere"
    require_page_secret(configuration)
    secret = "no secret" if page.client_secret_file is None else "a secret that can be read"
    issuer = page.of(configuration.settings.issuers).issuer
    redirect = redirect_address(configuration)
    return f"client {page.client_id} at {issuer} with {secret}; register {redirect} there"


def _sandbox() -> str:
    layers = sandbox_layers()
    return ", ".join(f"{name}: {'on' if on else 'off'}" for name, on in layers.items())


def _audit(ground: Ground) -> str:
    found = ground.trail.verify()
    if found.problems:
        raise ReadershipError("; ".join(found.problems))
    return f"whole, head {found.head}"


def _recognizers(ground: Ground) -> str:
    with ExitStack() as stack:
        redactor = build_question_redactor(ground, stack)
        redacted = redactor.redact("Write to alice.example@example.com today.")
    if not redacted.findings:
        msg = "an e-mail address was not found; reinstall the pii extra (make setup)"
        raise ReadershipError(msg)
    return "loaded, and they find an e-mail address"


def _index(ground: Ground, stack: ExitStack) -> str:
    embedder = build_embedder(ground.configuration)
    require_same_installation(ground.configuration, embedder)
    embedder.embed(["doctor"])
    lease = open_lease(ground, embedder)
    stack.callback(lease.close)
    if not build_settler(ground, lease, embedder).agrees():
        msg = "the index does not hold what the registry knows of; run 'readership sync'"
        raise ReadershipError(msg)
    holds = f"{embedder.variant}; the engine answers and holds what it should"
    return f"{holds}; {_scanned(ground, lease)}"


def _scanned(ground: Ground, lease: EngineLease) -> str:
    places = ground.configuration.settings.index.scanned_chunks
    chunks, scanned = lease.call("total"), lease.call("scanned")
    if scanned == chunks:
        return f"vectors of all {chunks} chunks are in memory"
    if isinstance(chunks, int) and chunks > places:
        return f"no vectors are in memory: {chunks} chunks, index.scanned_chunks is {places}"
    return "no vectors are in memory yet; if it stays so, read index/engine.log"


def _sources(ground: Ground) -> Iterator[Finding]:
    configuration = ground.configuration
    if not configuration.settings.sources:
        yield wrong("sources", "none is configured; add a [[sources]] section")
    for settings in configuration.settings.sources:

        def readable(name: str = settings.name) -> str:
            found = configuration.source(name)
            if found.path is None:
                return f"has no folder; may be pushed to by {', '.join(found.push_clients)}"
            listed = build_source(ground, found).observe()
            return f"lists {len(listed.documents)} documents, {len(listed.problems)} problems"

        yield look(f"source {settings.name}", readable)
    for one in configuration.settings.directories:
        yield look(f"directory {one.name}", partial(describe_directory, ground, one))
    yield from left_behind_findings(ground)
    yield from _freshness(ground)
    held = HeldDocuments(ground.database, ground.tenant).all()
    if waiting := sum(one.released_at is None for one in held):
        yield wrong("held for review", f"{waiting} documents; see 'readership held list'")


def left_behind_findings(ground: Ground) -> Iterator[Finding]:
    """
    Yield what still counts of sources and directories that are not configured any more.
    """
    for one in left_behind(ground):
        what = (
            f"is not configured any more: {one.refused} users whom it had deactivated or deleted "
            f"stay refused, and its {one.groups} groups are in doubt for others that define them; "
            f"let go of both with 'readership forget {one.name}'"
        )
        yield wrong(f"{one.kind} {one.name}", what)


def statement_findings(ground: Ground) -> Iterator[Finding]:
    """
    Yield what transmitters and issuers have said lately.
    """
    settings = ground.configuration.settings
    speakers = [("event", one.issuer) for one in settings.transmitters]
    speakers += [("logout", one.issuer) for one in settings.issuers if one.logout_clients]
    heard = RevocationBoard(ground.database).heard() if speakers else []
    for kind, issuer in speakers:
        of = [one for one in heard if (one.kind, one.issuer) == (kind, issuer)]
        told = ", ".join(f"{one.count} {one.effect}" for one in of) or "none heard"
        newest = f"; the newest {max(one.newest for one in of).isoformat()}" if of else ""
        yield fine(f"{kind}s of {issuer}", f"{told} in {REMEMBERED.days} days{newest}")


def _freshness(ground: Ground) -> Iterator[Finding]:
    view, currency = permission_registry(ground).current()
    for one in view.switches.all():
        what = f"is switched off: {one.reason}; undo with 'readership switch on'"
        yield wrong(str(one.switch), what)
    budgets = source_budgets(ground.configuration)
    for spot in budgets.blind(currency, view.switches, ground.clock()):
        what = f"{spot.reason}; {_remedy(ground.configuration, spot.source)}"
        yield wrong(f"permissions of {spot.source}", what)
    if currency.unsettled:
        what = f"{len(currency.unsettled)} documents wait to be settled; run 'readership sync'"
        yield wrong("index", what)


def _remedy(configuration: Configuration, source: str) -> str:
    if configuration.source(source).path is None:
        return "its clients must push; sending any group again is enough"
    return f"run 'readership sync {source}'"
