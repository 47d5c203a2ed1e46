"""
The commands of `readership revoke`; what they do stands in `readership.revoking`.
"""

from typing import Annotated

import typer

from acl.model.revocations import SESSION, SUBJECT
from readership import console
from readership.options import Json, configuration_of

revoke_app = typer.Typer(
    help="Revoke tokens that have been issued; new ones, issued later, count.",
    no_args_is_help=True,
)

Issuer = Annotated[
    str | None,
    typer.Option("--issuer", help="Whose tokens. Not needed where one issuer is configured."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; shown by 'revoke list' and recorded.")]


@revoke_app.command("subject")
def revoke_subject(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="The sub of the tokens.")],
    reason: Reason,
    issuer: Issuer = None,
) -> None:
    """
    Revoke every token of one subject. Holds at the next request of every process.
    """
    _revoke(context, SUBJECT, subject, issuer, reason)


@revoke_app.command("session")
def revoke_session(
    context: typer.Context,
    session: Annotated[str, typer.Argument(help="The sid of the tokens.")],
    reason: Reason,
    issuer: Issuer = None,
) -> None:
    """
    Revoke every token of one session; tokens must name theirs as sid.
    """
    _revoke(context, SESSION, session, issuer, reason)


@revoke_app.command("issuer")
def revoke_issuer(
    context: typer.Context,
    issuer: Annotated[str, typer.Argument(help="The iss of the tokens.")],
    reason: Reason,
) -> None:
    """
    Revoke every token of an issuer: everybody signs in anew.
    """
    _revoke(context, "", "", issuer, reason)


@revoke_app.command("reinstate")
def reinstate_subject(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who; the value of the claim.")],
    reason: Reason,
    issuer: Issuer = None,
    claim: Annotated[
        str, typer.Option("--claim", help="The claim that the transmitter names them by.")
    ] = SUBJECT,
) -> None:
    """
    Let an account count again that its issuer has disabled or purged. Its old tokens do not.
    """
    from readership.revoking import named, reinstate  # noqa: PLC0415 - quick start

    configuration = configuration_of(context)
    tokens = named(configuration, claim, name, issuer)
    changed = reinstate(configuration, tokens, reason)
    state = "count again once they are issued anew" if changed else "were not disabled"
    console.out.print(f"{tokens} {state}", markup=False)


@revoke_app.command("list")
def revoke_list(context: typer.Context, *, as_json: Json = False) -> None:
    """
    List whose tokens were revoked, and the accounts that issuers have disabled.
    """
    from readership.revoking import everything_revoked  # noqa: PLC0415 - quick start

    found = everything_revoked(configuration_of(context))
    if as_json:
        console.print_json([one.to_json() for one in found])
        return
    rows = [
        (
            str(one.tokens),
            one.standing.not_before.isoformat() if one.standing.not_before else "",
            one.standing.account.value,
            one.reason,
        )
        for one in found
    ]
    console.print_rows("revoked", rows)


def _revoke(
    context: typer.Context, claim: str, value: str, issuer: str | None, reason: str
) -> None:
    from readership.revoking import named, revoke  # noqa: PLC0415 - quick start

    configuration = configuration_of(context)
    tokens = named(configuration, claim, value, issuer)
    changed = revoke(configuration, tokens, reason)
    console.out.print(f"{tokens} are {'now' if changed else 'already'} revoked", markup=False)
