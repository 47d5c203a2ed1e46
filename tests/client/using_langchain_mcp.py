"""
LangChain's adapters for MCP: the tools of the service as LangChain's own, for each user.

Runs in an environment of its own, without anything of the service.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any

from langchain_core.tools import BaseTool, ToolException
from langchain_mcp_adapters.client import MultiServerMCPClient

TOKENS: Mapping[str, str] = json.loads(os.environ["READERSHIP_TOKENS"])
URL = os.environ["READERSHIP_URL"]
QUESTION = os.environ["READERSHIP_QUESTION"]


async def asked_by(who: str, wanted: str | None = None) -> dict[str, Any]:
    """
    Search, and fetch what came first, or what is wanted.
    """
    headers = {"Authorization": f"Bearer {TOKENS[who]}"}
    one = {"transport": "streamable_http", "url": URL, "headers": headers}
    tools = {tool.name: tool for tool in await MultiServerMCPClient({"one": one}).get_tools()}
    found = json.loads(await said(tools["search"], {"query": QUESTION}))["results"]
    fetched = await said(tools["fetch"], {"id": wanted or found[0]["id"]})
    return {"tools": sorted(tools), "found": found, "fetched": fetched}


async def said(tool: BaseTool, arguments: Mapping[str, str]) -> str:
    """
    Return the text that a tool gives, or the sentence that it fails with.
    """
    try:
        content = await tool.ainvoke(dict(arguments))
    except ToolException as error:
        return str(error)
    return content if isinstance(content, str) else "".join(one["text"] for one in content)


async def everybody() -> dict[str, Any]:
    """
    All users at the same time; then the last one asks for what the first one has found.
    """
    names = sorted(TOKENS)
    answers = dict(zip(names, await asyncio.gather(*map(asked_by, names)), strict=True))
    hers = answers[names[0]]["found"][0]["id"]
    return {**answers, "stolen": await asked_by(names[-1], hers)}


print(json.dumps(asyncio.run(everybody())))  # noqa: T201 - the test reads it
