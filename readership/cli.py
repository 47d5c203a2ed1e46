"""
The command line. Each command is a few lines here; what it does stands in a file of its own.

Exit codes: 0 is ok, 1 the check failed or the work could not be done, 2 wrong usage or
configuration, 130 interrupted.
"""

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from acl.errors import ConfigurationError, InputError, ReadershipError
from acl.settings import default_file
from readership import __version__, console
from readership.audit_commands import audit_app
from readership.explain_commands import explain_app
from readership.held_commands import held_app
from readership.one_place import require_one_place
from readership.options import EXIT_FAILED, Json, configuration_of
from readership.provenance_commands import provenance_app, verify
from readership.revoke_commands import revoke_app
from readership.switch_commands import switch_app

EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
SOON_SECONDS: Final = 0.02

app = typer.Typer(
    name="readership",
    help="Search a company's documents, never beyond what the signed-in user may read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(audit_app, name="audit")
app.add_typer(explain_app, name="explain")
app.add_typer(held_app, name="held")
app.add_typer(provenance_app, name="provenance")
app.add_typer(revoke_app, name="revoke")
app.add_typer(switch_app, name="switch")


app.command()(verify)


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

    configuration = configuration_of(context)
    settings = chosen(configuration, sources or [])
    if not settings:
        console.err.print(
            "no [[sources]] and no directory of kind ldap is configured; there is nothing to sync"
        )
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

    serving.serve(configuration_of(context), host=host, port=port)


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

    findings = []
    for found in examine(configuration_of(context)):
        findings.append(found)
        if not as_json:
            console.print_finding(found)
    if as_json:
        console.print_json(
            [{"name": f.name, "healthy": f.healthy, "detail": f.detail} for f in findings]
        )
    if not all(finding.healthy for finding in findings):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name of a source or directory that was.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; recorded.")],
) -> None:
    """
    Let go of what a system said that is not configured any more: its groups, its refusals.
    """
    from readership.forgetting import forget as let_go  # noqa: PLC0415 - quick start

    left = let_go(configuration_of(context), name, reason)
    console.out.print(f"forgotten: {left}", markup=False)


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
    # Ctrl-C while a connection is being closed is logged there with a traceback.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    sys.unraisablehook = insist_on_interrupts
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


def insist_on_interrupts(lost: "sys.UnraisableHookArgs", /) -> None:
    """
    Interrupt once more where Ctrl-C came while an object was being given up: Python drops there
    whatever is raised.
    """
    main_thread = threading.main_thread().ident
    if issubclass(lost.exc_type, KeyboardInterrupt) and main_thread is not None:
        # After this has returned: here it would be dropped again.
        again = (main_thread, signal.SIGINT)
        threading.Timer(SOON_SECONDS, signal.pthread_kill, again).start()
    else:
        sys.__unraisablehook__(lost)


def _say_interrupted() -> None:
    console.err.print("interrupted; nothing is lost, run the same command again")
