"""
The commands of `readership switch`; what they do stands in `readership.switching`.
"""

from typing import Annotated

import typer

from acl.model.switches import SwitchKind
from readership import console
from readership.options import Json, configuration_of

switch_app = typer.Typer(
    help="Emergency switches: take something out of service at the next request.",
    no_args_is_help=True,
)

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

    found = switched_off(configuration_of(context))
    if as_json:
        console.print_json([one.to_json() for one in found])
    else:
        rows = [(str(one.switch), one.since.isoformat(), one.reason) for one in found]
        console.print_rows("switched off", rows)


def _throw(
    context: typer.Context, kind: SwitchKind, name: str, within: str | None, *, reason: str | None
) -> None:
    from readership.switching import named, throw  # noqa: PLC0415 - quick start

    configuration = configuration_of(context)
    switch = named(configuration, kind, name, within)
    changed = throw(configuration, switch, off=reason is not None, reason=reason or "")
    state = "off" if reason is not None else "on"
    console.out.print(f"{switch} is {'now' if changed else 'already'} {state}", markup=False)
