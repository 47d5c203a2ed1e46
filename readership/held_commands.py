"""
The commands of `readership held`; what they do stands in `readership.holding`.
"""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from acl.errors import ConfigurationError
from acl.model.grants import AclSnapshot
from readership import console
from readership.options import Json, configuration_of

if TYPE_CHECKING:
    from readership.holding import Review

held_app = typer.Typer(
    help="What the brake holds: wider permissions that wait for a person.",
    no_args_is_help=True,
)

OfSource = Annotated[str | None, typer.Option("--source", help="Of this source only.")]


@held_app.command("list")
def held_list(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(help="A source. Default: all.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """
    List the documents whose wider permission waits.
    """
    from readership.holding import held_documents  # noqa: PLC0415 - quick start

    found = held_documents(configuration_of(context), source)
    if as_json:
        console.print_json([one.to_json() for one in found])
        return
    rows = [
        (
            one.source,
            one.document,
            one.label,
            ", ".join(one.exposed_to),
            "released" if one.released_at else f"since {one.since.isoformat()}",
        )
        for one in found
    ]
    console.print_rows("held for review", rows)


@held_app.command("show")
def held_show(
    context: typer.Context,
    document: Annotated[str, typer.Option("--document", help="A document id.")],
    source: OfSource = None,
    *,
    as_json: Json = False,
) -> None:
    """
    Show the old and the new ACL of a held document, and whom the new one would let in.
    """
    from readership.holding import review  # noqa: PLC0415 - quick start

    found = review(configuration_of(context), document, source)
    if as_json:
        console.print_json([one.to_json() for one in found])
        return
    for one in found:
        _print(one)


@held_app.command("release")
def held_release(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why; recorded in the audit trail.")],
    document: Annotated[
        str | None, typer.Option("--document", help="Release one document.")
    ] = None,
    source: OfSource = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Release everything held.")] = False,
) -> None:
    """
    Release what is held, as it is held now. Takes effect with the next sync.
    """
    from readership.holding import release  # noqa: PLC0415 - quick start

    if everything is bool(document or source):
        msg = "say what to release: --document ID, --source S, or --all"
        raise ConfigurationError(msg)
    released = release(configuration_of(context), source, document, reason)
    text = f"released {released} documents; this takes effect with the next sync of their source"
    console.out.print(text, markup=False)


def _print(one: "Review") -> None:
    held = one.held
    state = "released" if held.released_at else f"held since {held.since.isoformat()}"
    lines = (
        f"{held.document} in {held.source}, labelled {held.label}: {state}",
        f"  would newly be readable by: {', '.join(held.exposed_to)}",
        f"  old ACL: {_written(one.old) or 'withheld: it is new, or a group has changed'}",
        f"  new ACL: {_written(one.new) or 'not readable'}",
    )
    for line in lines:
        console.out.print(line, markup=False, soft_wrap=True)


def _written(acl: AclSnapshot | None) -> str:
    return "" if acl is None else json.dumps(acl.to_json(), ensure_ascii=False)
