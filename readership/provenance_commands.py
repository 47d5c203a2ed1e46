"""
`readership verify` and `readership provenance`; what they do stands in `readership.verifying`.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from readership import console
from readership.options import EXIT_FAILED, Json, configuration_of

provenance_app = typer.Typer(
    help="The key that signs what is released.",
    no_args_is_help=True,
)


def verify(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A response as it came, or its signed_provenance alone; - for standard input.",
        ),
    ],
    jwks: Annotated[
        Path | None,
        typer.Option(help="Public keys to verify with. Default: those of the data directory."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """
    Verify that a response was released by this service, to whom, and that it is unchanged.

    Needs no network, and with --jwks no configuration. Exit code 1: it was not, or was altered.
    """
    from readership.verifying import examined, verifier_from, verifier_of  # noqa: PLC0415

    verifier = verifier_of(configuration_of(context)) if jwks is None else verifier_from(jwks)
    statement, differences, compared = examined(file, verifier)
    if as_json:
        stated = None if statement is None else statement.to_json()
        found = {"verified": statement is not None and not differences, "statement": stated}
        console.print_json({**found, "differences": differences, "compared": compared})
    elif statement is None:
        what = "holds no signed_provenance of these keys, or one that was altered"
        console.print_error(f"NOT VERIFIED: {file} {what}")
    else:
        console.print_rows(
            "signed provenance",
            [
                ("verdict", _verdict(differences, compared=compared)),
                ("request", statement.request_id),
                ("operation", statement.operation),
                ("released", statement.at.isoformat()),
                ("reader", statement.reader),
                ("client", f"{statement.client} of {statement.client_issuer}"),
                ("epoch", str(statement.epoch)),
                ("most sensitive label", statement.max_label or "-"),
                *(("passage", one.citation) for one in statement.passages),
            ],
        )
        for one in differences:
            console.print_error(f"NOT VERIFIED: {file} differs from what was released: {one}")
    if statement is None or differences:
        raise typer.Exit(EXIT_FAILED)


def _verdict(differences: Sequence[str], *, compared: bool) -> str:
    if differences:
        return "NOT VERIFIED: the response differs from what was released"
    if not compared:
        return "the signature is ours; it came alone, so nothing was compared with it"
    return "VERIFIED: the response is what was released"


@provenance_app.command("jwks")
def provenance_jwks(context: typer.Context) -> None:
    """
    Print the public keys, the present one first, as a JWK set.
    """
    from readership.verifying import public_keys  # noqa: PLC0415 - quick start

    keys = [dict(one) for one in public_keys(configuration_of(context))]
    sys.stdout.write(json.dumps({"keys": keys}, indent=2) + "\n")


@provenance_app.command("rotate")
def provenance_rotate(
    context: typer.Context,
    *,
    compromised: Annotated[
        bool,
        typer.Option(
            "--compromised", help="What the key in use until now has signed verifies no more."
        ),
    ] = False,
    distrust: Annotated[
        list[str] | None,
        typer.Option(metavar="KID", help="The same of an older key; may be given several times."),
    ] = None,
) -> None:
    """
    Replace the key that signs. Restart 'readership serve' afterwards.

    Says which keys still verify: 'readership provenance jwks' lists them too.
    """
    from readership.verifying import rotated  # noqa: PLC0415 - quick start

    new, *others = rotated(
        configuration_of(context), compromised=compromised, distrusted=distrust or ()
    )
    console.out.print(f"signing with {new} once 'readership serve' has started again", markup=False)
    for kid in others:
        console.out.print(f"what {kid} has signed still verifies", markup=False)
