"""
The command line. Each command is a few lines here; what it does stands in a file of its own.

Exit codes: 0 is ok, 1 the check failed or the work could not be done, 2 wrong usage or
configuration, 130 interrupted.
"""

import logging
import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from acl.audit.chain import Checkpoint
from acl.errors import ConfigurationError, InputError, ReadershipError
from acl.model.switches import SwitchKind
from acl.settings import Configuration, default_file, load_configuration
from readership import __version__, console
from readership.one_place import require_one_place

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130

app = typer.Typer(
    name="readership",
    help="Search a company's documents, never beyond what the signed-in user may read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")
explain_app = typer.Typer(no_args_is_help=False)
app.add_typer(explain_app, name="explain")
switch_app = typer.Typer(
    help="Emergency switches: take something out of service at the next request.",
    no_args_is_help=True,
)
app.add_typer(switch_app, name="switch")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.callback(invoke_without_command=False)
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="The configuration file. Default: $READERSHIP_CONFIG, or ./readership.toml.",
        ),
    ] = None,
) -> None:
    context.obj = config or default_file()


@app.command()
def init(
    context: typer.Context,
    tenant: Annotated[str, typer.Option(help="A short name of your company.")] = "acme",
) -> None:
    """
    Write a first readership.toml, with a comment for everything that must be decided.
    """
    from readership.initialising import write_configuration  # noqa: PLC0415 - quick start

    path: Path = context.obj
    write_configuration(path, tenant)
    console.out.print(f"wrote {path}; edit it, then run 'readership sync'", markup=False)


@app.command()
def sync(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(help="Names of sources. Default: all.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """
    Bring documents, permissions and groups up to what the sources say now.

    Only what changed is read anew. Interrupting is safe at any moment; the next sync goes on.
    Exit code 1: a source could not be read.
    """
    from readership.syncing import SyncSession, chosen, with_folders  # noqa: PLC0415 - quick start

    configuration = _configuration(context)
    settings = chosen(configuration, sources or [])
    if not settings:
        console.err.print("no [[sources]] is configured; there is nothing to sync")
        return
    reports, failed = [], False
    with (
        console.SyncBar(quiet=as_json or not sys.stderr.isatty()) as bar,
        SyncSession(configuration) as session,
    ):
        if session.fresh:
            console.print_created(configuration.data_dir)
        for one in with_folders(settings, console.print_note):
            try:
                reports.append(session.plan(one) if dry_run else session.sync(one, bar))
            except InputError as error:
                failed = True
                console.print_error(f"source {one.name}: {error.diagnostics()}")
    console.print_reports(reports, as_json=as_json)
    if failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 8080,
) -> None:
    """
    Answer questions over HTTP until interrupted.

    Speaks plain HTTP: put it behind something that ends TLS.
    """
    from readership import serving  # noqa: PLC0415 - quick start

    serving.serve(_configuration(context), host=host, port=port)


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--dir", help="Where the demo's data go; replaced if it is a demo.")
    ] = Path("demo"),
) -> None:
    """
    Show the whole thing on a fictional company: same question, different readers.
    """
    from readership.demo.show import run_demo  # noqa: PLC0415 - quick start

    run_demo(directory)


@app.command()
def doctor(context: typer.Context, *, as_json: Json = False) -> None:
    """
    Look at everything the service needs, and say what to do. Exit code 1: something is wrong.
    """
    from readership.doctor import examine  # noqa: PLC0415 - quick start

    findings = list(examine(_configuration(context)))
    if as_json:
        console.print_json(
            [{"name": f.name, "healthy": f.healthy, "detail": f.detail} for f in findings]
        )
    else:
        rows = [("ok" if f.healthy else "FAIL", f.name, f.detail) for f in findings]
        console.print_rows("doctor", rows)
    if not all(finding.healthy for finding in findings):
        raise typer.Exit(EXIT_FAILED)


Subject = Annotated[str | None, typer.Option("--reader", help="The subject of the token.")]
Issuer = Annotated[str | None, typer.Option(help="The reader's issuer, if several are configured.")]
Client = Annotated[
    str | None, typer.Option(help="The client, for its ceiling. Default: one not listed.")
]
Assurance = Annotated[
    str | None, typer.Option(help="The token's acr, for its ceiling. Default: none.")
]


@explain_app.callback(invoke_without_command=True)
def explain(  # noqa: PLR0913 - one option each
    context: typer.Context,
    *,
    reader: Subject = None,
    document: Annotated[str | None, typer.Option(help="The document's id in its source.")] = None,
    issuer: Issuer = None,
    source: Annotated[str | None, typer.Option(help="The document's source.")] = None,
    client: Client = None,
    assurance: Assurance = None,
    at: Annotated[
        str | None, typer.Option(help="Answer for the past: an epoch, or a time.")
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Say why a reader may, or may not, read a document. Exit code 0: may; 1: may not.
    """
    if context.invoked_subcommand is not None:
        return
    from acl.model.identifiers import DocumentId, SourceName  # noqa: PLC0415 - quick start
    from readership import explaining  # noqa: PLC0415 - quick start

    if reader is None or document is None:
        msg = "explain takes --reader SUBJECT and --document ID; see 'readership explain --help'"
        raise ConfigurationError(msg)
    configuration = _configuration(context)
    who = explaining.person(
        configuration, reader, issuer=issuer, client=client, assurance=assurance
    )
    within = SourceName(source) if source is not None else None
    when = explaining.point_in_time(at)
    with explaining.explainer(configuration) as explainer:
        found = explainer.explain(who, DocumentId(document), within, when)
    for one in found:
        if as_json:
            console.print_json(one.to_json())
        else:
            console.print_explanation(one)
    if not all(one.permitted for one in found):
        raise typer.Exit(EXIT_FAILED)


@explain_app.command("diff")
def explain_diff(  # noqa: PLR0913 - one option each
    context: typer.Context,
    *,
    reader: Annotated[str, typer.Option(help="The subject of the reader's token.")],
    earlier: Annotated[str, typer.Option("--from", help="An epoch, or a time.")],
    later: Annotated[
        str | None, typer.Option("--to", help="An epoch, or a time. Default: now.")
    ] = None,
    issuer: Issuer = None,
    client: Client = None,
    assurance: Assurance = None,
    as_json: Json = False,
) -> None:
    """
    Say what a reader gained and lost between two points, and why. Exit code 1: something.
    """
    from readership import explaining  # noqa: PLC0415 - quick start

    configuration = _configuration(context)
    who = explaining.person(
        configuration, reader, issuer=issuer, client=client, assurance=assurance
    )
    start, end = explaining.point_in_time(earlier), explaining.point_in_time(later)
    if start is None:
        msg = "--from takes an epoch, or a time such as 2027-01-31T12:00:00Z"
        raise ConfigurationError(msg)
    with explaining.explainer(configuration) as explainer:
        found = explainer.difference(who, start, end)
    if as_json:
        console.print_json(found.to_json())
    else:
        console.print_difference(found)
    if found.gained or found.lost:
        raise typer.Exit(EXIT_FAILED)


@audit_app.command("verify")
def audit_verify(
    context: typer.Context,
    expect: Annotated[
        str | None,
        typer.Option(help="A head that an earlier run printed: NUMBER:MAC. Detects cutting off."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """
    Recompute the chain of every audit record. Exit code 1: something was changed.
    """
    from acl.wiring import open_ground  # noqa: PLC0415 - quick start

    remembered = _checkpoint(expect)
    ground = open_ground(_configuration(context), may_write=False)
    try:
        found = ground.trail.verify(remembered=remembered)
    finally:
        ground.close()
    console.print_verification(found, as_json=as_json)
    if found.problems:
        raise typer.Exit(EXIT_FAILED)


Within = Annotated[
    str | None,
    typer.Option(
        "--in",
        help="What makes the name unique: a document's source, a reader's or client's issuer, a "
        "group's authority. Not needed where one is configured.",
    ),
]


@switch_app.command("off")
def switch_off(
    context: typer.Context,
    kind: Annotated[SwitchKind, typer.Argument(help="What it is.")],
    name: Annotated[str, typer.Argument(help="Its id: a document id, subject, client, …")],
    reason: Annotated[str, typer.Option(help="Why; shown by 'switch list' and 'doctor'.")],
    within: Within = None,
) -> None:
    """
    Switch something off. Holds at the next request of every process.
    """
    _throw(context, kind, name, within, reason=reason)


@switch_app.command("on")
def switch_on(
    context: typer.Context,
    kind: Annotated[SwitchKind, typer.Argument(help="What it is.")],
    name: Annotated[str, typer.Argument(help="Its id.")],
    within: Within = None,
) -> None:
    """
    Switch something on again: what its ACLs say holds as before.
    """
    _throw(context, kind, name, within, reason=None)


@switch_app.command("list")
def switch_list(context: typer.Context, *, as_json: Json = False) -> None:
    """
    List everything that is switched off.
    """
    from readership.switching import switched_off  # noqa: PLC0415 - quick start

    found = switched_off(_configuration(context))
    if as_json:
        console.print_json([one.to_json() for one in found])
    else:
        rows = [(str(one.switch), one.since.isoformat(), one.reason) for one in found]
        console.print_rows("switched off", rows)


def _throw(
    context: typer.Context, kind: SwitchKind, name: str, within: str | None, *, reason: str | None
) -> None:
    from readership.switching import named, throw  # noqa: PLC0415 - quick start

    configuration = _configuration(context)
    switch = named(configuration, kind, name, within)
    changed = throw(configuration, switch, off=reason is not None, reason=reason or "")
    state = "off" if reason is not None else "on"
    console.out.print(f"{switch} is {'now' if changed else 'already'} {state}", markup=False)


@app.command()
def version() -> None:
    """
    Print the version.
    """
    console.out.print(__version__)


def main() -> NoReturn:
    """
    Run the command line and exit.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        require_one_place()
        app()
    except ConfigurationError as error:
        console.print_error(error.diagnostics())
        sys.exit(EXIT_USAGE)
    except ReadershipError as error:
        console.print_error(error.diagnostics())
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(EXIT_INTERRUPTED)
    except SystemExit as left:
        # Typer turns Ctrl-C into an exit of its own.
        if left.code == EXIT_INTERRUPTED:
            _say_interrupted()
        raise
    sys.exit(0)


def _say_interrupted() -> None:
    console.err.print("interrupted; nothing is lost, run the same command again")


def _configuration(context: typer.Context) -> Configuration:
    path: Path = context.obj
    return load_configuration(path)


def _checkpoint(text: str | None) -> Checkpoint | None:
    if text is None:
        return None
    number, colon, mac = text.partition(":")
    if not colon or not number.isdigit():
        msg = "--expect takes what 'audit verify' printed as head: NUMBER:MAC"
        raise ConfigurationError(msg)
    return Checkpoint(int(number), mac)
