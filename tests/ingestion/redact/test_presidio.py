"""
The whole path with the real model: every kind, its context, and what it leaves alone.
"""

import re
from typing import Any

import pytest
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

from acl.errors import RedactionError
from acl.model.redaction import Redactor
from ingestion.redact.engine import Analyzer, OfflineNlpEngine, _BoundedRegex
from ingestion.redact.presidio import PresidioRedactor
from ingestion.redact.settings import MAX_WINDOW_CHARACTERS, locate_model

pytestmark = pytest.mark.models


@pytest.mark.parametrize(
    ("kind", "form", "text"),
    [
        ("PERSON", "Alice Adamson", "Please ask Alice Adamson about it."),
        ("LOCATION", "Slovenia", "She moved here from Slovenia."),
        ("NRP", "Portuguese", "He is a Portuguese citizen."),
        ("ADDRESS", "12 Old Mill Road", "We live at 12 Old Mill Road now."),
        ("EMAIL_ADDRESS", "ann@elk.internal", "Write to ann@elk.internal please."),
        ("PHONE_NUMBER", "+44 20 7946 0958", "Ring +44 20 7946 0958 today."),
        ("PHONE_NUMBER", "9320 7126", "You can call 9320 7126."),
        ("CREDIT_CARD", "4111111111111111", "It was 4111111111111111 then."),
        ("CREDIT_CARD", "4111111111111112", "My credit card is 4111111111111112."),
        ("IBAN_CODE", "GB82WEST12345698765432", "To GB82WEST12345698765432 then."),
        ("CRYPTO", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "To 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2."),
        ("IP_ADDRESS", "86.231.85.193", "Requests from 86.231.85.193 failed."),
        ("PERSONAL_URL", "https://x.com/annelk", "Follow https://x.com/annelk there."),
        ("US_SSN", "536-32-3065", "The number is 536-32-3065 there."),
        ("US_DRIVER_LICENSE", "A56319335", "My driver's license is A56319335."),
        ("US_PASSPORT", "A12345678", "Her passport was A12345678 then."),
        ("US_BANK_NUMBER", "945456787654", "My bank account is 945456787654."),
        ("US_ITIN", "911-70-1234", "His itin was 911-70-1234 there."),
        ("UK_NHS", "943 476 5919", "The patient has 943 476 5919 there."),
        ("UK_NINO", "AB 12 34 56 C", "It was AB 12 34 56 C there."),
        ("DATE_OF_BIRTH", "3/23/1940", "She was born on 3/23/1940 there."),
        ("DATE_OF_BIRTH", "4 March 1971", "His birthday is 4 March 1971."),
        ("QUOTED_PSEUDONYM", "<PERSON_3f9a12c4>", "It was <PERSON_3f9a12c4> there."),
    ],
)
def test_every_kind_is_replaced(redactor: Redactor, kind: str, form: str, text: str) -> None:
    redacted = redactor.redact(text)

    assert form not in redacted.text
    assert (kind, form) in [(one.kind, text[one.start : one.end]) for one in redacted.findings]
    assert form in dict(redacted.originals).values()


@pytest.mark.parametrize(
    "text",
    [
        "The kubelet will mark the Pod as Ready. Reading the ConfigMap may fail.",
        "Will the scheduler evict Pods? Mark the node as unschedulable first.",
        "A Deployment owns ReplicaSets; Helm and Prometheus run as a DaemonSet on Linux.",
        "Released on 2024-01-12 with v1.29.0; the default port is 10250 on 10.96.0.0/12.",
        "KEP-1287 was graduated to GA in May; see https://kubernetes.io/docs for details.",
        "The ServiceAccount token expires after 3600 seconds; set replicas: 3 in the spec.",
        "We grant the Heron role read access; Etcd stores 1500000000 bytes.",
    ],
)
def test_technical_prose_stays_readable(redactor: Redactor, text: str) -> None:
    assert text == redactor.redact(text).text


class WithoutLemmas(OfflineNlpEngine):
    """
    The library as it is: without a lemmatizer every lemma is empty, and nothing says so.
    """

    def _doc_to_nlp_artifact(self, doc: Any, language: str) -> NlpArtifacts:  # noqa: ANN401
        return SpacyNlpEngine._doc_to_nlp_artifact(self, doc, language)  # noqa: SLF001


def test_context_counts_only_because_lemmas_are_filled() -> None:
    """
    The positive control: the same engine without our correction finds neither.
    """
    texts = ["My driver's license is 425700624.", "She was born on 3/23/1940."]

    ours = Analyzer(OfflineNlpEngine(locate_model())).analyze(texts)
    uncorrected = Analyzer(WithoutLemmas(locate_model())).analyze(texts)

    assert [["US_DRIVER_LICENSE"], ["DATE_OF_BIRTH"]] == [
        sorted({one.kind for one in found}) for found in ours
    ]
    assert [[], []] == uncorrected


@pytest.mark.parametrize("mark", ["=", "_", "-#", "a.", "漢。"])
def test_the_model_never_sees_long_punctuation_without_a_space(mark: str) -> None:
    """
    Its tokenizer's time grows with the square of that. Nothing moves, and names are found.
    """
    short, long = (mark * 128)[:128], (mark * 500)[:500]
    text = f"{short} {long} Alice Adamson {long}\n{long}"
    engine = Listening(locate_model())

    (found,) = Analyzer(engine).analyze([text])

    (shown,) = engine.shown
    assert len(text) == len(shown)
    assert shown.startswith(f"{short} ")
    assert not re.search(r"(?=\S{129})\S*[\W_]", shown)
    assert "Alice Adamson" in [text[one.start : one.end] for one in found]


def test_what_stands_in_an_unbroken_stretch_is_found(redactor: Redactor) -> None:
    text = "x" * 200 + "/ann@elk.internal?" + "y=" * 100 + " and (Alice Adamson)" + "." * 200

    found = {text[one.start : one.end] for one in redactor.redact(text).findings}

    assert any("ann@elk.internal" in one for one in found)
    assert "Alice Adamson" in found


class Listening(OfflineNlpEngine):
    """
    Keeps the texts that the model is shown.
    """

    shown: list[str]

    def process_batch(self, texts: Any, *others: Any, **more: Any) -> Any:  # noqa: ANN401
        self.shown = list(texts)
        return super().process_batch(self.shown, *others, **more)


def test_empty_text_gives_empty_result(redactor: Redactor) -> None:
    redacted = redactor.redact("")

    assert ("", (), ()) == (redacted.text, redacted.findings, redacted.originals)
    assert [] == list(redactor.redact_all([]))


def test_many_texts_give_what_each_gives(redactor: Redactor) -> None:
    texts = ["Ask Alice Adamson.", "", "Nothing here.", "x " * 5_000 + "ann@elk.test", "Lisbon"]

    assert [redactor.redact(text) for text in texts] == list(redactor.redact_all(texts))


def test_redaction_comes_to_rest(redactor: Redactor) -> None:
    """
    What is redacted holds nothing to redact, except that pseudonyms become quoted ones once.
    """
    text = "Ask Alice Adamson, 12 Old Mill Road, ann@elk.test, born on 3/23/1940."
    once = redactor.redact(text)
    twice = redactor.redact(once.text)
    thrice = redactor.redact(twice.text)

    assert {"QUOTED_PSEUDONYM"} == {one.kind for one in twice.findings}
    assert twice.text == thrice.text


def test_findings_are_whole_wherever_a_window_ends(redactor: Redactor) -> None:
    filler = "the node is drained and then restarted "
    for shift in range(0, 40, 7):
        length = MAX_WINDOW_CHARACTERS - 20 + shift
        text = (filler * 200)[:length] + " ann.elk@elk.test " + filler * 50

        assert 1 == redactor.redact(text).text.count("<EMAIL_ADDRESS_")
        assert "elk" not in redactor.redact(text).text


def test_full_name_is_redacted_everywhere_in_its_document(redactor: Redactor) -> None:
    text = "Written by Alice Adamson.\n\n" + "It works. " * 800 + "\n\nalice adamson signed it."

    redacted = redactor.redact(text)

    assert "adamson" not in redacted.text.casefold()
    assert 1 == len(redacted.originals)


def test_invalid_unicode_is_refused(redactor: Redactor) -> None:
    with pytest.raises(RedactionError):
        redactor.redact("Alice \ud800 Adamson")


def test_any_library_fault_keeps_the_text_in(
    redactor: PresidioRedactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> list[object]:
        msg = "did not find word Alice"
        raise KeyError(msg)

    monkeypatch.setattr(redactor._analyzer, "analyze", broken)  # noqa: SLF001

    with pytest.raises(RedactionError) as refused:
        redactor.redact("Alice")
    assert "Alice" not in refused.value.diagnostics()


def test_pattern_out_of_time_is_an_error_and_not_an_empty_result() -> None:
    class Slow:
        name = "slow"
        regex = r"(a|aa)+$"

    slow: Any = Slow()
    with pytest.raises(RedactionError, match="could not be redacted"):
        list(_BoundedRegex(slow, seconds=0.05).finditer("a" * 40 + "b"))
