"""
`readership audit`: what was recorded, and whether all of it is still there.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from acl.audit.chain import Checkpoint
from acl.errors import ConfigurationError
from readership import console
from readership.options import EXIT_FAILED, Json, configuration_of

audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@audit_app.command("show")
def audit_show(
    context: typer.Context,
    last: Annotated[int, typer.Option(min=1, help="How many, counted from the newest.")] = 20,
    request: Annotated[
        str | None, typer.Option(help="Only those of a request, as its answer or error named it.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only those that ended so: refused, released, limited …")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """
    Print the newest records, oldest of them first: who, through what, what came of it, and why.

    Does not say whether they are whole: 'readership audit verify' does.
    """
    from acl.wiring import open_ground  # noqa: PLC0415 - quick start

    ground = open_ground(configuration_of(context), may_write=False)
    try:
        found = deque(_chosen(ground.trail.events(), request, outcome), maxlen=last)
    finally:
        ground.close()
    if as_json:
        console.print_json(list(found))
    else:
        console.print_rows("audit trail", [_row(one) for one in found], nothing="no such record")


def _chosen(
    events: Iterable[dict[str, object]], request: str | None, outcome: str | None
) -> Iterable[dict[str, object]]:
    for one in events:
        if request in {None, one["request_id"]} and outcome in {None, one["outcome"]}:
            yield one


def _row(event: Mapping[str, Any]) -> tuple[str, ...]:
    details = event["details"]
    released = details.get("released")
    passages = f"{len(released)} passages" if isinstance(released, list) else ""
    who = details.get("who") or event["subject"]
    return (
        event["at"],
        event["action"],
        event["outcome"],
        str(who or "-"),
        str(details.get("reason") or passages or "-"),
        event["request_id"],
    )


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
    ground = open_ground(configuration_of(context), may_write=False)
    try:
        found = ground.trail.verify(remembered=remembered)
    finally:
        ground.close()
    console.print_verification(found, as_json=as_json)
    if found.problems:
        raise typer.Exit(EXIT_FAILED)


def _checkpoint(text: str | None) -> Checkpoint | None:
    if text is None:
        return None
    number, colon, mac = text.partition(":")
    if not colon or not number.isdigit():
        msg = "--expect takes what 'audit verify' printed as head: NUMBER:MAC"
        raise ConfigurationError(msg)
    return Checkpoint(int(number), mac)
