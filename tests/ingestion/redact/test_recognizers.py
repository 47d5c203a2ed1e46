"""
What is found by shape alone, and what is left although it looks similar.
"""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.redaction import Finding
from ingestion.redact.addresses import street_addresses
from ingestion.redact.contacts import email_addresses, personal_urls, public_ip_addresses
from ingestion.redact.people import listed_names, titled_names
from ingestion.redact.places import listed_places
from ingestion.redact.plausible import MODEL_RECOGNIZER, is_plausible
from ingestion.redact.recognizers import WEAK_PATTERNS, find_by_shape, may_hold_phone
from ingestion.redact.settings import KINDS, THRESHOLD, WINDOW_OVERLAP_CHARACTERS

Recognizer = Callable[[str], Iterator[Finding]]


def forms(recognize: Recognizer, text: str) -> list[str]:
    return [text[one.start : one.end] for one in recognize(text)]


@pytest.mark.parametrize(
    ("recognize", "text", "found"),
    [
        (street_addresses, "lives at 12 Old Mill Road, near", "12 Old Mill Road"),
        (street_addresses, "1200 W. Fifth St.", "1200 W. Fifth St."),
        (street_addresses, "in der Hauptstraße 12a", "Hauptstraße 12a"),
        (street_addresses, "Via Carlo Cattaneo 130", "Via Carlo Cattaneo 130"),
        (street_addresses, "15 Rue du Moulin", "15 Rue du Moulin"),
        (street_addresses, "P.O. Box 108", "P.O. Box 108"),
        (street_addresses, "Austin, TX 78701-1234", "TX 78701-1234"),
        (street_addresses, "London SW1A 1AA", "SW1A 1AA"),
        (street_addresses, "Ottawa K1A 0B1", "K1A 0B1"),
        (email_addresses, "to <ann.elk@corp.local>.", "ann.elk@corp.local"),
        (email_addresses, "ann+lists@mail.example.co.uk", "ann+lists@mail.example.co.uk"),
        (public_ip_addresses, "from 86.231.85.193:", "86.231.85.193"),
        (public_ip_addresses, "2a00:1450:4001:80e::200e", "2a00:1450:4001:80e::200e"),
        (
            personal_urls,
            "https://www.linkedin.com/in/ann-elk now",
            "https://www.linkedin.com/in/ann-elk",
        ),
        (personal_urls, "https://ann:pw@host.test/x", "https://ann:pw@host.test/x"),
        (titled_names, "ask Dr. Ana de Souza today", "Ana de Souza"),
        (titled_names, "Mrs O'Neil called", "O'Neil"),
        (listed_names, "asked Judy for it", "Judy"),
        (listed_names, "Jennifer Hussain runs", "Jennifer Hussain"),
        (listed_names, "Will Smith and", "Will Smith"),
        (listed_names, "jennifer brown and", "jennifer brown"),
        (listed_names, "JENNIFER BROWN", "JENNIFER BROWN"),
        (listed_places, "moved to Lisbon in", "Lisbon"),
        (listed_places, "from burkina faso", "burkina faso"),
        (listed_places, "Reading, United Kingdom", "Reading"),
        (listed_places, "New York City", "New York City"),
    ],
)
def test_found(recognize: Recognizer, text: str, found: str) -> None:
    assert found in forms(recognize, text)


@pytest.mark.parametrize(
    "text",
    [
        "Will the Pod restart? Mark the node as ready before Reading the ConfigMap.",
        "In May we grant the Heron release; Grant access with Helm Charts.",
        "Mobile clients and Split brain are out of scope. The Enterprise Edition may be Nice.",
        "Bind to 10.0.0.1, 127.0.0.1, ::1, fe80::1, 192.168.0.1/24 or 1.2.3.4.",
        "See https://kubernetes.io/docs/concepts and git@github.com:kubernetes/enhancements.git.",
        "image@sha256:0123456789abcdef and pkg@v1.2.3 since v1.29.0",
        "Set `jennifer` in /var/lib/judy/config and judy=1 with user_judy.",
        "Step 3 Way of working; 2 replicas; version 20240112; port 8080; 5 Pods run",
    ],
)
def test_technical_prose_is_left_alone(text: str) -> None:
    assert [] == forms(find_by_shape, text)


@pytest.mark.parametrize(
    ("form", "kind", "text", "believed"),
    [
        ("Kubelet", "PERSON", "The Kubelet starts", False),
        ("PodSpec", "LOCATION", "in PodSpec only", False),
        ("Mark", "PERSON", "Mark it.", False),
        ("Mark", "PERSON", "thanks to Mark!", True),
        ("Autoscaling", "PERSON", "the Autoscaling", False),
        ("Saidali", "PERSON", "with Saidali", True),
        ("McCathie", "PERSON", "with McCathie", True),
        ("söderberg", "PERSON", "with söderberg", True),
        ("Pod Judy", "PERSON", "Pod Judy", True),
    ],
)
def test_model_is_believed_only_about_names(
    form: str, kind: str, text: str, *, believed: bool
) -> None:
    start = text.index(form)
    finding = Finding(start, start + len(form), kind, 0.85, MODEL_RECOGNIZER)

    assert believed == is_plausible(finding, text)


def test_other_recognizers_are_always_believed() -> None:
    assert is_plausible(Finding(0, 3, "PERSON", 0.5, "listed_names"), "Pod")


@given(text=st.text(max_size=200))
def test_offsets_lie_inside_the_text(text: str) -> None:
    for one in find_by_shape(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.kind in KINDS
        assert one.score >= THRESHOLD


@given(before=st.text(max_size=40), after=st.text(max_size=40))
def test_mail_address_is_found_in_any_surroundings(before: str, after: str) -> None:
    address = "ann.elk@elk.example"
    text = f"{before} {address} {after}"
    start = len(before) + 1

    assert any(
        one.start <= start and one.end >= start + len(address) for one in email_addresses(text)
    )


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "A",
        "A ",
        "1 ",
        "1",
        "a.",
        "a@",
        "@",
        "12 Old ",
        "(1",
        "1-",
        ":",
        "f:",
        "Via ",
        "Dr ",
        "-a",
        "Ann ",
    ],
)
def test_hostile_repetitions_take_linear_time(unit: str) -> None:
    """
    Doubling a text may double the time; the bound is generous for a busy machine.
    """
    patterns = [re.compile(weak.regex, re.IGNORECASE | re.DOTALL) for weak in WEAK_PATTERNS]
    text = unit * (20_000 // len(unit))
    list(find_by_shape("warm up"))

    began = time.perf_counter()
    list(find_by_shape(text))
    for pattern in patterns:
        list(pattern.finditer(text))

    assert time.perf_counter() - began < 5


def test_windows_overlap_by_more_than_a_mail_address() -> None:
    address = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example"

    assert [address] == forms(email_addresses, address)
    assert len(address) < WINDOW_OVERLAP_CHARACTERS


def test_phone_search_needs_six_digits() -> None:
    assert not may_hold_phone("12345 and no more")
    assert may_hold_phone("1 2 3 4 5 6")
