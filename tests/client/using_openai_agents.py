"""
OpenAI Agents SDK: an agent for each user, with our tools, run by the SDK.

Runs in an environment of its own, without anything of the service. There is no model to be had;
one that decides as a simple model would stands in its place: search, fetch what came first, and
say what it was. All else is the SDK's: connecting, listing tools, calling them, feeding back.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage
from agents.mcp import MCPServerStreamableHttp
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

TOKENS: Mapping[str, str] = json.loads(os.environ["READERSHIP_TOKENS"])
URL = os.environ["READERSHIP_URL"]
QUESTION = os.environ["READERSHIP_QUESTION"]


class Decided(Model):
    """
    Calls `search`, and then `fetch` with the id that it is given or else the first one found.
    """

    def __init__(self, wanted: str | None = None) -> None:
        self.wanted = wanted
        self.offered: list[str] = []

    async def get_response(
        self,
        system_instructions: str | None,
        input: str | list[Any],  # noqa: A002 - the SDK's name
        model_settings: object,
        tools: Sequence[Any],
        *others: object,
        **more: object,
    ) -> ModelResponse:
        """
        Decide by how many tools have answered.
        """
        del system_instructions, model_settings, others, more
        self.offered = sorted(one.name for one in tools)
        answers = [] if isinstance(input, str) else [_answer(one) for one in input]
        results = [one for one in answers if one is not None]
        if not results:
            return _reply(_call("search", {"query": QUESTION}))
        if len(results) == 1:
            named = [one["id"] for one in json.loads(results[0])["results"]]
            return _reply(_call("fetch", {"id": self.wanted or named[0]}))
        return _reply(_message(json.dumps(results)))

    def stream_response(self, *_: object, **__: object) -> NoReturn:
        """
        Not used here.
        """
        raise NotImplementedError


def _answer(item: Mapping[str, Any]) -> str | None:
    if item.get("type") != "function_call_output":
        return None
    output = item["output"]
    return output if isinstance(output, str) else "".join(one["text"] for one in output)


def _call(name: str, arguments: Mapping[str, str]) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        arguments=json.dumps(arguments), call_id=f"call-{name}", name=name, type="function_call"
    )


def _message(text: str) -> ResponseOutputMessage:
    content = [ResponseOutputText(annotations=[], text=text, type="output_text")]
    return ResponseOutputMessage(
        id="m", content=content, role="assistant", status="completed", type="message"
    )


def _reply(item: ResponseFunctionToolCall | ResponseOutputMessage) -> ModelResponse:
    return ModelResponse(output=[item], usage=Usage(), response_id=None)


async def asked_by(who: str, wanted: str | None = None) -> dict[str, Any]:
    """
    Let an agent of one user run, and return what its tools have answered.
    """
    params = {"url": URL, "headers": {"Authorization": f"Bearer {TOKENS[who]}"}, "timeout": 60}
    async with MCPServerStreamableHttp(params=params, client_session_timeout_seconds=60) as server:
        model = Decided(wanted)
        agent = Agent(name=who, mcp_servers=[server], model=model)
        run = await Runner.run(agent, QUESTION, run_config=RunConfig(tracing_disabled=True))
    searched, fetched = json.loads(run.final_output)
    return {"tools": model.offered, "found": json.loads(searched)["results"], "fetched": fetched}


async def everybody() -> dict[str, Any]:
    """
    All users at the same time; then the last one asks for what the first one has found.
    """
    names = sorted(TOKENS)
    answers = dict(zip(names, await asyncio.gather(*map(asked_by, names)), strict=True))
    hers = answers[names[0]]["found"][0]["id"]
    return {**answers, "stolen": await asked_by(names[-1], hers)}


print(json.dumps(asyncio.run(everybody())))  # noqa: T201 - the test reads it
