"""
Gives every listed document its sensitivity label: the source's own, else the first rule that
matches the document's id, else the source's default.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from acl.model.identifiers import AuthorityId, DocumentId, SourceName
from ingestion.sources.port import ListedDocument, Observation, Source


@dataclass(frozen=True, slots=True)
class LabelRule:
    """
    Documents whose ids match a shell pattern (`*`, `?`, `[…]`, case-sensitive) bear a label.
    """

    documents: str
    label: str


@dataclass(frozen=True, slots=True)
class LabelRules:
    """
    The rules of one source, in order, and its default.
    """

    rules: Sequence[LabelRule]
    default: str

    def label(self, document: DocumentId, stated: str | None) -> str:
        """
        Return a document's label.
        """
        if stated:
            return stated
        matching = (rule.label for rule in self.rules if fnmatchcase(document, rule.documents))
        return next(matching, self.default)


@dataclass(frozen=True, slots=True)
class LabelledSource:
    """
    A source whose documents all bear a label; see `Source`.
    """

    source: Source
    labels: LabelRules

    @property
    def name(self) -> SourceName:
        """
        The configured name.
        """
        return self.source.name

    @property
    def authority(self) -> AuthorityId:
        """
        The namespace of its principals.
        """
        return self.source.authority

    def observe(self) -> Observation:
        """
        List documents, each with its label.
        """
        observed = self.source.observe()
        labelled = {
            document: replace(listed, label=self.labels.label(document, listed.label))
            for document, listed in observed.documents.items()
        }
        return replace(observed, documents=labelled)

    def unchanged_since(self, observation: Observation) -> bool:
        """
        Say whether permissions are certainly still those of the observation.
        """
        return self.source.unchanged_since(observation)

    def fetch(self, listed: ListedDocument) -> bytes:
        """
        Return a document's bytes.
        """
        return self.source.fetch(listed)
