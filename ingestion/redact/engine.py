"""
The language model and the recognizers of Presidio, tied down.

Four things are not as the library would have them. The model is a directory on disk and never
a download. The lemmatizer is left out for speed, which silently empties the words that context
is compared with, so they are filled from the tokens. And a pattern that runs out of time is an
error: the library would log it and report a text without findings. And the model is spared the
punctuation in what has no space for long, over which its tokenizer takes a time that grows with
the square of the length.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import regex  # type: ignore[import-untyped]  # its stubs are a package of their own
import spacy
import tldextract
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import (
    NerModelConfiguration,
    NlpArtifacts,
    SpacyNlpEngine,
)
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    IbanRecognizer,
    PhoneRecognizer,
    SpacyRecognizer,
    UkNinoRecognizer,
    UsBankRecognizer,
    UsItinRecognizer,
    UsLicenseRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
)

from acl.errors import RedactionError
from acl.model.redaction import Finding
from ingestion.redact.recognizers import PHONE_REGIONS, WEAK_PATTERNS, WeakPattern, may_hold_phone
from ingestion.redact.settings import KINDS, THRESHOLD, LanguageModel

LANGUAGE = "en"

_UNUSED_PIPES = ("parser", "tagger", "attribute_ruler", "lemmatizer")
_OTHER_LABELS = (
    *("ORG", "DATE", "TIME", "CARDINAL", "EVENT", "FAC", "LANGUAGE", "LAW", "MONEY", "ORDINAL"),
    *("PERCENT", "PRODUCT", "QUANTITY", "WORK_OF_ART"),
)
_PATTERN_SECONDS = 5
_UNBROKEN = regex.compile(r"\S{129,}")
_PUNCTUATION = regex.compile(r"[\W_]")
_TEXTS_AT_ONCE = 32
_REGEX_FLAGS = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE
_CONTEXT_STOPWORDS = frozenset({"call"})
"""
Words of our contexts that spaCy's list would take out of every context.
"""

_SCORE_OF_BARE_DIGITS = 0.2
_NO_PHONE = regex.compile(r"(?:\d{1,3}\.){3}\d{1,3}|\d{4}-\d{2}-\d{2}|\d{1,2}-\d{1,2}-\d{4}")
_PREDEFINED = (
    CreditCardRecognizer,
    CryptoRecognizer,
    IbanRecognizer,
    UkNinoRecognizer,
    UsBankRecognizer,
    UsItinRecognizer,
    UsLicenseRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
)


class OfflineNlpEngine(SpacyNlpEngine):
    """
    The spaCy pipeline from one directory, with only what finds names.
    """

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(
            models=[{"lang_code": LANGUAGE, "model_name": str(model.path)}],
            ner_model_configuration=NerModelConfiguration(
                labels_to_ignore=_OTHER_LABELS,
                model_to_presidio_entity_mapping={
                    "PERSON": "PERSON",
                    "GPE": "LOCATION",
                    "LOC": "LOCATION",
                    "NORP": "NRP",
                },
            ),
        )
        self._path = model.path

    def load(self) -> None:
        """
        Load the directory. The library's own `load` looks for graphics cards and downloads.
        """
        pipelines: Any = {LANGUAGE: spacy.load(self._path, exclude=list(_UNUSED_PIPES))}
        self.nlp = pipelines

    def _doc_to_nlp_artifact(self, doc: Any, language: str) -> NlpArtifacts:  # noqa: ANN401
        entities, scores = self._get_updated_entities(
            self._get_entities(doc), self._get_scores_for_entities(doc)
        )
        artifacts = NlpArtifacts(
            entities=entities,
            tokens=doc,
            tokens_indices=[token.idx for token in doc],
            lemmas=[token.lower_ for token in doc],
            nlp_engine=self,
            language=language,
            scores=scores,
        )
        # A set, because the library looks every word before every match up in it.
        keywords: Any = _CONTEXT_STOPWORDS.union(artifacts.keywords)
        artifacts.keywords = keywords
        return artifacts


class Analyzer:
    """
    Finds personal data in texts of bounded length, by model, pattern and context.
    """

    def __init__(self, nlp_engine: SpacyNlpEngine) -> None:
        # Otherwise the first address validated would fetch the public suffix list.
        tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        nlp_engine.load()
        self._nlp_engine = nlp_engine
        registry = _registry()
        # Asked for a kind that no recognizer has, the library logs a warning for every text.
        self._kinds = sorted(set(KINDS).intersection(registry.get_supported_entities([LANGUAGE])))
        self._analyzer = AnalyzerEngine(
            registry=registry,
            nlp_engine=nlp_engine,
            default_score_threshold=THRESHOLD,
            supported_languages=[LANGUAGE],
            context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
        )

    def analyze(self, texts: Iterable[str]) -> list[list[Finding]]:
        """
        Return the findings of each text, in order.

        Raises:
            RedactionError: A pattern did not come to an end in time.
        """
        nlp = self._nlp_engine.get_nlp(LANGUAGE)
        # The zone forgets the words of these texts; the vocabulary would keep them for ever.
        with nlp.memory_zone():
            return [list(self._findings(text, seen)) for text, seen in self._read(texts)]

    def _read(self, texts: Iterable[str]) -> Iterator[tuple[str, NlpArtifacts]]:
        whole = list(texts)
        shown = [_spaced(text) for text in whole]
        read = self._nlp_engine.process_batch(shown, LANGUAGE, batch_size=_TEXTS_AT_ONCE)
        for text, seen in zip(whole, read, strict=True):
            yield text, seen[1]

    def _findings(self, text: str, seen: NlpArtifacts) -> Iterator[Finding]:
        results = self._analyzer.analyze(text, LANGUAGE, entities=self._kinds, nlp_artifacts=seen)
        for result in results:
            recognizer = result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY]
            yield Finding(
                result.start, result.end, result.entity_type, float(result.score), recognizer
            )


def _spaced(text: str) -> str:
    """
    Return a text of the same length with spaces for punctuation where no space stands for long:
    rulers, encoded data and long addresses, in none of which it is of use to the model.
    """
    spaced: str = _UNBROKEN.sub(lambda found: _PUNCTUATION.sub(" ", found[0]), text)
    return spaced


class GatedPhoneRecognizer(PhoneRecognizer):
    """
    Asks for phone numbers only where there are digits, and for a context where only digits are.
    """

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: Any = None,  # noqa: ANN401 - the library's None is not in its annotation
    ) -> list[RecognizerResult]:
        """
        Find the numbers that are valid in one of the regions.
        """
        if not may_hold_phone(text):
            return []
        results: list[RecognizerResult] = []
        for result in super().analyze(text, entities, nlp_artifacts):
            form = text[result.start : result.end]
            if not _NO_PHONE.search(form):
                result.score = _SCORE_OF_BARE_DIGITS if form.isdigit() else result.score
                results.append(result)
        return results


class _BoundedRegex:
    """
    A compiled pattern whose timeout is an error that the library does not swallow.
    """

    def __init__(self, pattern: Pattern, *, seconds: float = _PATTERN_SECONDS) -> None:
        self._seconds = seconds
        self._name = pattern.name
        self._compiled = regex.compile(pattern.regex, flags=_REGEX_FLAGS)

    def finditer(self, text: str, **_: object) -> Iterator["regex.Match[str]"]:
        try:
            yield from self._compiled.finditer(text, timeout=self._seconds)
        except TimeoutError:
            msg = f"pattern {self._name!r} took longer than {self._seconds} s"
            raise RedactionError(msg) from None


def _registry() -> RecognizerRegistry:
    recognizers: list[EntityRecognizer] = [recognizer() for recognizer in _PREDEFINED]
    recognizers += [
        SpacyRecognizer(supported_entities=["PERSON", "LOCATION", "NRP"]),
        GatedPhoneRecognizer(supported_regions=PHONE_REGIONS),
        *(_in_context(list(weak)) for _, weak in groupby(WEAK_PATTERNS, _kind_and_context)),
    ]
    for recognizer in recognizers:
        if isinstance(recognizer, PatternRecognizer):
            _bound(recognizer)
    return RecognizerRegistry(recognizers=recognizers, supported_languages=[LANGUAGE])


def _in_context(weak: list[WeakPattern]) -> PatternRecognizer:
    kind = weak[0].kind
    return PatternRecognizer(
        supported_entity=kind,
        name=f"Weak{kind.title().replace('_', '')}Recognizer",
        patterns=[Pattern(f"{kind} {at}", one.regex, one.score) for at, one in enumerate(weak)],
        context=list(weak[0].context),
    )


def _kind_and_context(weak: WeakPattern) -> tuple[str, tuple[str, ...]]:
    return weak.kind, weak.context


def _bound(recognizer: PatternRecognizer) -> None:
    recognizer.global_regex_flags = _REGEX_FLAGS
    for pattern in recognizer.patterns:  # type: ignore[has-type]  # assigned untyped upstream
        bounded: Any = _BoundedRegex(pattern)
        pattern.compiled_regex = bounded
        pattern.compiled_with_flags = _REGEX_FLAGS
