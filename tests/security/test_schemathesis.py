"""
Schemathesis reads the description of the API and sends what fits it, and what does not quite: no
server error, no status, type or body that is not described.

The application is the whole one: readers' routes, pushes, security events and logouts.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.end_to_end.event_world import EventWorld, lay_out, plan, process
from tests.properties.effort import DEEP

pytestmark = pytest.mark.promise("as-described")

EXAMPLES: Final = 150 if DEEP else 6
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS: Final = 15
"""
Fewer than there are: the control that the description was read.
"""


@schemathesis.serializer("application/secevent+jwt")
def as_text(context: object, value: object) -> bytes:
    del context
    return str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventWorld]:
    logging.getLogger("ingestion").setLevel(logging.CRITICAL)
    file = lay_out(tmp_path_factory.mktemp("schemathesis") / "one")
    with process(Path(file)) as one:
        pushed = one.http.put(
            "/v1/sources/wiki/documents/plan", json=plan(), headers=one.token("pusher")
        )
        assert 201 == pushed.status_code, pushed.text
        yield one


@pytest.fixture(scope="module")
def described(world: EventWorld) -> Any:  # noqa: ANN401 - the library's schema
    return schemathesis.openapi.from_asgi("/openapi.json", world.http.app)


def sent(world: EventWorld, operation: Any, mode: GenerationMode) -> Counter[int]:  # noqa: ANN401 - the library's operation
    """
    Send what fits, or does not quite; return how often each status came back.
    """
    found: Counter[int] = Counter()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:  # noqa: ANN401 - the library's case
        response = case.call(headers=world.token("alice", age=30))
        case.validate_response(response, checks=CHECKS)
        found[response.status_code] += 1

    with suppress(Unsatisfiable):  # nothing can be wrong about what takes nothing
        run()
    return found


@pytest.mark.timeout(3_000)
def test_whatever_is_sent_is_answered_as_described(world: EventWorld, described: Any) -> None:  # noqa: ANN401 - the library's schema
    """
    Every operation; what fits is mostly accepted, what does not is refused.
    """
    answered: dict[str, Counter[int]] = {}
    for result in described.get_all_operations():
        operation = result.ok()
        answers = [sent(world, operation, one) for one in GenerationMode]
        answered[operation.label] = sum(answers, Counter())

    assert len(answered) >= OPERATIONS
    assert all(answered.values()), answered
    assert answered["POST /v1/search"][200]
    assert answered["POST /v1/search"][422]
    assert answered["POST /v1/vector_stores/{vector_store_id}/search"][200]
