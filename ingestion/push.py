"""
Accepts what push clients state: the permission is in force when this returns.

The content half follows in `ingestion.pushed_content`.
"""

from dataclasses import dataclass
from typing import Final

from acl.keys.envelope import Meaning
from acl.keys.provider import KekProvider
from acl.model.identifiers import DocumentId, TenantId
from acl.model.principals import Principal
from acl.registry.pushing import PushWriter, SealedBody, StatedDocument
from acl.registry.pushing_groups import PushedGroupWriter
from acl.registry.submission import Accepted, Record, Submission
from ingestion.plan import card_fingerprint, content_fingerprint
from ingestion.pushed_body import PushedDocument, seal_body

ANY_VERSION: Final = ""
"""
Stands for no version of the steps: the same statement stays the same after an upgrade.
"""


@dataclass(frozen=True, slots=True)
class PushIntake:
    """
    Takes statements in. `pipeline` names the versions of every step, as in a sync.
    """

    tenant: TenantId
    documents: PushWriter
    groups: PushedGroupWriter
    keks: KekProvider
    pipeline: str

    def put_document(self, by: Submission, pushed: PushedDocument, record: Record) -> Accepted:
        """
        Accept a document.

        Raises:
            PreconditionFailedError: A condition does not hold; nothing was changed.
            StaleEventError: A newer event has been accepted; nothing was changed.
        """
        stated = StatedDocument(
            document=pushed.listed.document,
            acl=pushed.acl,
            label=pushed.label,
            content=content_fingerprint(pushed.listed, ANY_VERSION),
            fingerprint=content_fingerprint(pushed.listed, self.pipeline),
            card_fingerprint=card_fingerprint(pushed.listed),
        )

        def seal(revision: int) -> SealedBody:
            meaning = Meaning(self.tenant, by.source, stated.document, revision)
            return seal_body(pushed, meaning, self.keks)

        return self.documents.put_document(by, stated, seal, record)

    def delete_document(self, by: Submission, document: DocumentId, record: Record) -> Accepted:
        """
        Accept that a document is gone; errors as in `put_document`.
        """
        return self.documents.delete_document(by, document, record)

    def put_group(
        self, by: Submission, group: Principal, members: frozenset[Principal], record: Record
    ) -> Accepted:
        """
        Accept a group; errors as in `put_document`.
        """
        return self.groups.put_group(by, group, members, record)

    def delete_group(self, by: Submission, group: Principal, record: Record) -> Accepted:
        """
        Accept that a group is no longer defined; errors as in `put_document`.
        """
        return self.groups.delete_group(by, group, record)
