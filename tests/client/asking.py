"""
Two users, one retriever: what a program that uses a framework does, and may get wrong.

Runs in the environment of a framework, without anything of the service. The token of whoever
asks is in a context variable, as web frameworks keep it. Prints, as JSON, which documents each
user got, each way of asking.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context

WHO: ContextVar[str] = ContextVar("WHO")
TOKENS: Mapping[str, str] = json.loads(os.environ["READERSHIP_TOKENS"])
URL = os.environ["READERSHIP_URL"]
QUESTION = os.environ["READERSHIP_QUESTION"]
ROUNDS = 4


def token() -> str:
    """
    Return the token of the user on whose behalf this runs.
    """
    return TOKENS[WHO.get()]


def first_token() -> Callable[[], str]:
    """
    Return the mistake: whoever asks first lends everybody their token.
    """
    kept: list[str] = []

    def stored() -> str:
        if not kept:
            kept.append(token())
        return kept[0]

    return stored


def asked_by_all(ask: Callable[[], list[str]]) -> dict[str, list[str]]:
    """
    Let every user ask in a thread of their own, at the same time.
    """

    def once(who: str) -> list[str]:
        WHO.set(who)
        return ask()

    everybody = sorted(TOKENS) * ROUNDS
    with ThreadPoolExecutor(len(everybody)) as pool:
        answers = [pool.submit(copy_context().run, once, who) for who in everybody]
        return _merged(everybody, [one.result() for one in answers])


def awaited_by_all(ask: Callable[[], Awaitable[list[str]]]) -> dict[str, list[str]]:
    """
    Let every user ask in a task of their own, at the same time.
    """

    async def once(who: str) -> list[str]:
        WHO.set(who)
        return await ask()

    async def all_of_them() -> list[list[str]]:
        return await asyncio.gather(*(once(who) for who in everybody))

    everybody = sorted(TOKENS) * ROUNDS
    return _merged(everybody, asyncio.run(all_of_them()))


def report(**found: dict[str, list[str]]) -> None:
    """
    Print what was found, one way of asking a name.
    """
    print(json.dumps(found))  # noqa: T201 - the test reads it


def _merged(everybody: list[str], answers: list[list[str]]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {who: set() for who in everybody}
    for who, documents in zip(everybody, answers, strict=True):
        found[who].update(documents)
    return {who: sorted(documents) for who, documents in found.items()}
