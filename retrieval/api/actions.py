"""
The description that ChatGPT's Actions import: of the whole API, what a reader's GPT is to call.

Actions take at most 30 operations of one document, with one way to sign in, and few characters of
prose for each; `tests/security/test_actions.py` holds the limits.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

ACTIONS_PATH: Final = "/openapi/actions.json"
ACTION_TAG: Final = "actions"
_REFERENCE: Final = re.compile(r'"#/components/schemas/([^"]+)"')


def actions_routes(app: FastAPI) -> APIRouter:
    """
    Return the route of the description.
    """
    router = APIRouter()

    @router.get(ACTIONS_PATH, operation_id="actions", summary="What a GPT may import.")
    def actions() -> JSONResponse:
        return JSONResponse(actions_document(app.openapi()))

    return router


def actions_document(whole: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the part of a description that is tagged as an action, with what it refers to.
    """
    paths = {
        path: {method: one for method, one in methods.items() if ACTION_TAG in one.get("tags", ())}
        for path, methods in whole["paths"].items()
    }
    kept = {path: methods for path, methods in paths.items() if methods}
    components = whole["components"]
    schemas = _referred_to(kept, components["schemas"])
    return {**whole, "paths": kept, "components": {**components, "schemas": schemas}}


def _referred_to(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    found: set[str] = set()
    wanted = set(_REFERENCE.findall(json.dumps(paths)))
    while wanted:
        found |= wanted
        wanted = {
            name for one in wanted for name in _REFERENCE.findall(json.dumps(schemas[one]))
        } - found
    return {name: schema for name, schema in schemas.items() if name in found}
