"""
What policy and operators take away, over HTTP: label ceilings, emergency switches, epochs.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from acl.model.labels import LabelPolicy
from acl.model.switches import Switch, SwitchKind
from acl.registry.switchboard import SwitchBoard
from readership.demo.issuer import DEMO_CLIENT, UNSAFE_DEMO_ISSUER
from retrieval.answer import ReadingRoom
from retrieval.authorize import LabelPolicies
from tests.end_to_end.company import Company
from tests.end_to_end.sabotage import without_filter, without_recheck

pytestmark = pytest.mark.models

SOURCE = "larkspur"
PRICES = "sales-heron-price-list"
PRESS = "sales-heron-press-note"
QUESTION = "What is the lowest price for a Heron after every discount?"
LABELS = {
    "sales-heron-price-list": "confidential",
    "sales-kestrel-price-list": "internal",
    "sales-heron-press-note": "public",
}
ORDER = ("public", "internal", "confidential", "restricted")


def with_ceiling(room: ReadingRoom, top: str) -> ReadingRoom:
    """
    Give the demo's client a ceiling.
    """
    policy = LabelPolicy(ORDER, "public", {DEMO_CLIENT: top})
    labels = LabelPolicies({UNSAFE_DEMO_ISSUER: policy})
    return replace(room, authorizer=replace(room.authorizer, labels=labels))


@pytest.mark.promise("ceiling")
@pytest.mark.parametrize("top", ORDER)
def test_a_client_carries_away_nothing_above_its_ceiling(company: Company, top: str) -> None:
    """
    Complete sets: what bob finds without a policy, less what lies above.
    """
    allowed = {name for name, label in LABELS.items() if ORDER.index(label) <= ORDER.index(top)}
    with company.serving(with_ceiling(company.room, top)) as http:
        found = company.documents("bob", QUESTION, http=http)
        fetched = {
            name
            for name in LABELS
            if 200 == http.get(f"/v1/documents/{name}", headers=company.bearer("bob")).status_code
        }

    assert LABELS.keys() <= company.documents("bob", QUESTION)
    assert allowed == found & LABELS.keys() == fetched


@pytest.mark.promise("ceiling")
@pytest.mark.parametrize("opened", [without_filter, without_recheck])
def test_each_door_alone_keeps_the_ceiling(
    company: Company, opened: Callable[[ReadingRoom], ReadingRoom]
) -> None:
    """
    And with both open it leaks: the control.
    """
    low = with_ceiling(company.room, "public")
    with company.serving(opened(low)) as http:
        assert PRICES not in company.documents("bob", QUESTION, http=http)

    with company.serving(without_recheck(without_filter(low))) as http:
        assert PRICES in company.documents("bob", QUESTION, http=http)


@pytest.fixture
def board(own_company: Company) -> Iterator[SwitchBoard]:
    """
    Throws switches of the company; all of them are on again afterwards.
    """
    one = SwitchBoard(own_company.session.ground.database)
    yield one
    for off in one.off():
        one.switch_on(off.switch, now=datetime.now(UTC))


def off(board: SwitchBoard, kind: SwitchKind, within: str, name: str) -> Switch:
    switch = Switch(kind, within, name)
    assert board.switch_off(switch, "a test", now=datetime.now(UTC))
    return switch


@pytest.mark.promise("switches")
@pytest.mark.parametrize(
    ("kind", "within", "name"),
    [
        (SwitchKind.DOCUMENT, SOURCE, PRICES),
        (SwitchKind.SOURCE, "", SOURCE),
        (SwitchKind.GROUP, "larkspur", "heron-launch"),
    ],
)
def test_what_is_switched_off_does_not_exist(
    own_company: Company, board: SwitchBoard, kind: SwitchKind, within: str, name: str
) -> None:
    """
    At the next request, on every way out; and is back at the next one after.
    """
    authority = own_company.configuration.settings.sources[0].authority
    within = authority if kind is SwitchKind.GROUP else within
    assert PRICES in own_company.documents("bob", QUESTION)

    switch = off(board, kind, within, name)

    assert PRICES not in own_company.documents("bob", QUESTION)
    hidden = own_company.get("bob", f"/v1/documents/{PRICES}")
    absent = own_company.get("bob", "/v1/documents/no-such-document")
    assert 404 == hidden.status_code == absent.status_code
    assert hidden.headers.keys() == absent.headers.keys()

    board.switch_on(switch, now=datetime.now(UTC))
    assert PRICES in own_company.documents("bob", QUESTION)


@pytest.mark.promise("switches")
@pytest.mark.parametrize("opened", [without_filter, without_recheck])
def test_each_door_alone_keeps_a_switched_off_document(
    own_company: Company, board: SwitchBoard, opened: Callable[[ReadingRoom], ReadingRoom]
) -> None:
    off(board, SwitchKind.DOCUMENT, SOURCE, PRICES)

    with own_company.serving(opened(own_company.room)) as http:
        assert PRICES not in own_company.documents("bob", QUESTION, http=http)


@pytest.mark.promise("switches")
def test_a_source_that_is_off_is_named_as_blind(own_company: Company, board: SwitchBoard) -> None:
    off(board, SwitchKind.SOURCE, "", SOURCE)

    answer = own_company.search("bob", QUESTION).json()

    (spot,) = answer["blind"]
    assert (SOURCE, "an operator has switched it off") == (spot["source"], spot["reason"])
    assert spot["since"] is not None


@pytest.mark.promise("switches")
@pytest.mark.parametrize(
    ("kind", "name"), [(SwitchKind.READER, "bob"), (SwitchKind.CLIENT, DEMO_CLIENT)]
)
def test_a_reader_or_client_that_is_off_is_refused(
    own_company: Company, board: SwitchBoard, kind: SwitchKind, name: str
) -> None:
    """
    On every route; and others of the same client, or the same reader elsewhere, are not.
    """
    off(board, kind, UNSAFE_DEMO_ISSUER, name)

    answers = [
        own_company.search("bob", QUESTION),
        own_company.get("bob", f"/v1/documents/{PRICES}"),
        own_company.get("bob", "/v1/passages/00000000-0000-5000-8000-000000000000"),
    ]

    assert [403, 403, 403] == [one.status_code for one in answers]
    assert {"switched_off"} == {one.json()["code"] for one in answers}
    alices = own_company.search("alice", QUESTION).status_code
    assert (403 if kind is SwitchKind.CLIENT else 200) == alices


@pytest.mark.promise("switches")
@pytest.mark.parametrize("kind", [SwitchKind.READER, SwitchKind.CLIENT])
def test_a_name_of_another_issuer_is_another_name(
    own_company: Company, board: SwitchBoard, kind: SwitchKind
) -> None:
    off(board, kind, "https://elsewhere.example", "bob")
    off(board, kind, "https://elsewhere.example", DEMO_CLIENT)

    assert PRICES in own_company.documents("bob", QUESTION)


@pytest.mark.promise("one-epoch")
def test_a_client_may_ask_for_an_epoch_at_least(own_company: Company, board: SwitchBoard) -> None:
    """
    What is answered is at least that new, or refused with a code of its own.
    """
    seen = own_company.search("bob", QUESTION).json()["epoch"]
    off(board, SwitchKind.DOCUMENT, SOURCE, "no-such-document")

    def ask(at_least: int) -> tuple[int, dict[str, object]]:
        body = {"query": QUESTION, "at_least_epoch": at_least}
        answer = own_company.http.post("/v1/search", json=body, headers=own_company.bearer("bob"))
        return answer.status_code, answer.json()

    assert 200 == ask(seen)[0]
    assert (200, seen + 1) == (ask(seen + 1)[0], ask(seen + 1)[1]["epoch"])
    status, body = ask(seen + 2)
    assert (409, "epoch_not_reached") == (status, body["code"])
    assert 422 == ask(-1)[0]
