"""
The commands of `readership explain`; what they do stands in `readership.explaining`.
"""

from typing import Annotated

import typer

from acl.errors import ConfigurationError
from readership import console
from readership.options import EXIT_FAILED, Json, configuration_of

explain_app = typer.Typer()

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
    configuration = configuration_of(context)
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

    configuration = configuration_of(context)
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
