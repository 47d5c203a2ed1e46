"""
Signs what was released to whom, so that others can prove what a model was given.

A statement is a JWS in compact form, signed with Ed25519. What keeps it apart from every token:

1. its `typ` is `readership-provenance+jwt`, which no issuer's profile accepts, and no other type
   is accepted here;
2. its `aud` is of its own, and it has neither `sub`, `exp` nor `scope`;
3. it is verified by this installation's keys, which no issuer or transmitter has.

It says (`docs/provenance.md` has every member): the request, the reader by a pseudonym, the
client, the operation, epoch and time, and for every passage its id, its citation and the digest
of exactly the text that left. It holds no text and no question.

A verifier applies these rules, in this order:

1. three canonical base64url parts of strict JSON, not longer than `MAX_CHARACTERS`;
2. a header of `typ`, `alg` and `kid` alone, of our type and algorithm;
3. the signature of the key of that `kid`;
4. every member there is, well-formed, of our audience; and no other one.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from joserfc import jws
from joserfc.jwk import OKPKey

from acl.errors import ReadershipError
from acl.identity import signed
from acl.identity.errors import TokenRejectedError
from acl.identity.jwks import PublicKey, parse_keys
from acl.identity.reader import VerifiedReader
from acl.keys.signing import ALGORITHM
from acl.model.encoding import encode
from acl.model.identifiers import TenantId
from retrieval.authorize import LabelPolicies
from retrieval.departure import Departure
from retrieval.passage import Passage, Waybill
from retrieval.statement import ReleasedText, Statement, audience_of, statement_from

TYPE: Final = "readership-provenance+jwt"
MAX_CHARACTERS: Final = 400_000
"""
Fifty passages with the longest ids that a source may state.
"""

PSEUDONYM_CHARACTERS: Final = 32
HEADER_MEMBERS: Final = frozenset({"typ", "alg", "kid"})


class ProvenanceRefusedError(ReadershipError):
    """
    Not a statement of ours, or not what was stated. Which rule it breaks is not told.
    """

    public_message = "the signed provenance does not verify"
    code = "provenance_refused"


@dataclass(frozen=True, slots=True)
class ReaderNames:
    """
    Pseudonyms of readers: equal for a tenant's reader always, and undone by no one.
    """

    tenant: TenantId
    key: bytes

    def pseudonym(self, reader: VerifiedReader) -> str:
        """
        Return a reader's.
        """
        return self._named("reader", reader.issuer, reader.subject)

    def carrier(self, reader: VerifiedReader) -> str:
        """
        Return that of a reader who asks through one client, under which limits are counted.
        """
        return self._named("carrier", reader.issuer, reader.subject, reader.client)

    def _named(self, kind: str, *parts: str) -> str:
        named = encode([kind, self.tenant, *parts])
        return hmac.digest(self.key, named, "sha256").hex()[:PSEUDONYM_CHARACTERS]


@dataclass(frozen=True, slots=True)
class WaybillWriter:
    """
    Writes and signs what travels with answers.
    """

    key: OKPKey
    names: ReaderNames
    labels: LabelPolicies
    resource: str
    clock: Callable[[], datetime]

    def write(self, leaving: Departure) -> Waybill:
        """
        State what is about to leave.
        """
        reader = leaving.may.reader
        policy = self.labels.by_issuer[reader.issuer]
        most = policy.most_sensitive({one.provenance.label for one in leaving.passages})
        models = policy.models_for(most)
        context = leaving.context
        statement = Statement(
            issuer=self.resource,
            audience=audience_of(self.names.tenant),
            request_id=leaving.request_id,
            at=self.clock(),
            reader=self.names.pseudonym(reader),
            client_issuer=reader.issuer,
            client=reader.client,
            operation=leaving.operation,
            epoch=leaving.epoch,
            passages=tuple(map(_released, leaving.passages)),
            context_sha256=None if context is None else digest(context),
            max_label=most,
            models=models,
        )
        return Waybill(self._signed(statement), most, models)

    def _signed(self, statement: Statement) -> str:
        header = {"typ": TYPE, "alg": ALGORITHM, "kid": self.key.kid}
        body = json.dumps(statement.to_json(), ensure_ascii=False, separators=(",", ":"))
        return jws.serialize_compact(header, body, self.key, registry=_REGISTRY)


@dataclass(frozen=True, slots=True)
class ProvenanceVerifier:
    """
    Verifies statements by public keys alone. `audience` is whose they must be, if that is known.
    """

    keys: Mapping[str, PublicKey]
    published: Sequence[Mapping[str, str]] = ()
    audience: str | None = None

    @classmethod
    def of(cls, published: Sequence[Mapping[str, str]], audience: str) -> "ProvenanceVerifier":
        """
        Build an installation's own.
        """
        text = json.dumps({"keys": [dict(one) for one in published]})
        return cls(parse_keys(text.encode()), published, audience)

    def verify(self, statement: str) -> Statement:
        """
        Return what was stated.

        Raises:
            ProvenanceRefusedError: One of the four rules does not hold.
        """
        try:
            return self._verified(statement)
        except (TokenRejectedError, ValueError, OverflowError, OSError) as error:
            detail = error.diagnostics() if isinstance(error, ReadershipError) else str(error)
            raise ProvenanceRefusedError(detail) from error

    def _verified(self, statement: str) -> Statement:
        header, payload = signed.parse(statement, most=MAX_CHARACTERS)
        if header.keys() != HEADER_MEMBERS:
            msg = f"header members {sorted(header)}"
            raise ValueError(msg)
        signed.check_header(header)
        if header["typ"] != TYPE:
            msg = f"typ {header['typ']!r:.80}"
            raise ValueError(msg)
        algorithm = signed.check_algorithm(header, frozenset({ALGORITHM}))
        key = self.keys.get(str(header["kid"]))
        if key is None:
            msg = f"no key {header['kid']!r:.80}"
            raise ValueError(msg)
        signed.check_signature(statement, algorithm, key, registry=_REGISTRY)
        found = statement_from(payload)
        if self.audience not in {None, found.audience}:
            msg = f"audience {found.audience!r:.200}"
            raise ValueError(msg)
        return found


def digest(text: str) -> str:
    """
    Return the digest under which a statement names a text.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def heading(title: str, url: str) -> str:
    """
    Return what is digested of title and URL. A URL has no line break, so the last one parts them.
    """
    return f"{title}\n{url}"


class _Registry(signed.OneAlgorithm):
    max_payload_length = MAX_CHARACTERS


_REGISTRY: Final = _Registry(ALGORITHM)


def _released(passage: Passage) -> ReleasedText:
    return ReleasedText(
        id=passage.id,
        citation=passage.citation,
        sha256=digest(passage.text),
        heading_sha256=digest(heading(passage.title, passage.url)),
        label=passage.provenance.label,
    )
