"""
`readership doctor`: looks at everything that the service needs, and says what to do.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from acl.errors import ReadershipError
from acl.identity.keysets import DiscoveredKeys, PinnedKeys
from acl.registry.held import HeldDocuments
from acl.settings import Configuration
from acl.wiring import Ground, build_embedder, open_ground, open_lease, require_same_installation
from ingestion.extract import sandbox_layers
from ingestion.wiring import build_question_redactor, build_settler, build_source
from readership.directories import describe_directory
from retrieval.wiring import identity_links, key_source, permission_registry, source_budgets


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at; `detail` says what was seen, or what to do.
    """

    name: str
    healthy: bool
    detail: str


def examine(configuration: Configuration) -> Iterator[Finding]:
    """
    Yield what was found, in the order in which things depend on each other.
    """
    yield _fine("configuration", str(configuration.file))
    yield from _issuers(configuration)
    yield _look("extraction sandbox", _sandbox)
    with ExitStack() as stack:
        try:
            ground = open_ground(configuration, may_write=True)
        except ReadershipError as error:
            yield _wrong("data directory", error.diagnostics())
            return
        stack.callback(ground.close)
        yield _fine("data directory", f"{configuration.data_dir}, keys are private")
        yield _look("audit trail", lambda: _audit(ground))
        registry = _look("registry", ground.database.describe)
        yield registry
        yield _look("recognizers", lambda: _recognizers(ground))
        if not registry.healthy:
            return
        yield _look("embedding and index", lambda: _index(ground, stack))
        yield from _sources(ground)


def _fine(name: str, detail: str) -> Finding:
    return Finding(name, healthy=True, detail=detail)


def _wrong(name: str, detail: str) -> Finding:
    return Finding(name, healthy=False, detail=detail)


def _look(name: str, examination: Callable[[], str]) -> Finding:
    try:
        return _fine(name, examination())
    except ReadershipError as error:
        return _wrong(name, error.diagnostics())


def _issuers(configuration: Configuration) -> Iterator[Finding]:
    issuers = configuration.settings.issuers
    if not issuers:
        yield _wrong("issuers", "none is configured; add an [[issuers]] section")
    linked = {one.issuer for one in identity_links(configuration)}
    resource = configuration.settings.service.resource
    for issuer in issuers:

        def keys(named: str = issuer.issuer) -> str:
            found = next(one for one in issuers if one.issuer == named)
            source = key_source(configuration, found)
            if isinstance(source, DiscoveredKeys):
                return f"{len(source.fetch())} keys by discovery"
            return f"{len(source.load())} pinned keys" if isinstance(source, PinnedKeys) else "ok"

        yield _look(f"keys of {issuer.issuer}", keys)
        if issuer.issuer not in linked:
            what = "has no [[issuers.links]]: its readers would be nobody and see nothing"
            yield _wrong(f"links of {issuer.issuer}", what)
        if resource not in issuer.audiences:
            what = f"audiences do not list the resource {resource}, which clients will ask for"
            yield _wrong(f"audience of {issuer.issuer}", what)


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
    return f"{embedder.variant}; the engine answers and holds what it should"


def _sources(ground: Ground) -> Iterator[Finding]:
    configuration = ground.configuration
    if not configuration.settings.sources:
        yield _wrong("sources", "none is configured; add a [[sources]] section")
    for settings in configuration.settings.sources:

        def readable(name: str = settings.name) -> str:
            found = configuration.source(name)
            if found.path is None:
                return f"has no folder; may be pushed to by {', '.join(found.push_clients)}"
            listed = build_source(ground, found).observe()
            return f"lists {len(listed.documents)} documents, {len(listed.problems)} problems"

        yield _look(f"source {settings.name}", readable)
    for one in configuration.settings.directories:
        yield _look(f"directory {one.name}", partial(describe_directory, ground, one))
    yield from _freshness(ground)
    held = HeldDocuments(ground.database, ground.tenant).all()
    if waiting := sum(one.released_at is None for one in held):
        yield _wrong("held for review", f"{waiting} documents; see 'readership held list'")


def _freshness(ground: Ground) -> Iterator[Finding]:
    view, currency = permission_registry(ground).current()
    for one in view.switches.all():
        what = f"is switched off: {one.reason}; undo with 'readership switch on'"
        yield _wrong(str(one.switch), what)
    budgets = source_budgets(ground.configuration)
    for spot in budgets.blind(currency, view.switches, ground.clock()):
        what = f"{spot.reason}; {_remedy(ground.configuration, spot.source)}"
        yield _wrong(f"permissions of {spot.source}", what)
    if currency.unsettled:
        what = f"{len(currency.unsettled)} documents wait to be settled; run 'readership sync'"
        yield _wrong("index", what)


def _remedy(configuration: Configuration, source: str) -> str:
    if configuration.source(source).path is None:
        return "its clients must push; sending any group again is enough"
    return f"run 'readership sync {source}'"
