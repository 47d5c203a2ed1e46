"""
Names of things, each with a type of its own so that they cannot stand in for each other.
"""

from typing import NewType

TenantId = NewType("TenantId", str)
"""
A customer boundary. No query, key or index point ever spans two tenants.
"""

AuthorityId = NewType("AuthorityId", str)
"""
The system whose namespace makes a principal's id unique.
"""

SourceName = NewType("SourceName", str)
"""
The configured name of a source system.
"""

DocumentId = NewType("DocumentId", str)
"""
A document's id in its source system. Unique only with its source.
"""

DocumentKey = NewType("DocumentKey", str)
"""
32 hex digits, keyed by the tenant's index key from source and document id.

The index and the registry know documents by it, so that neither an id's spelling nor a guess
at an id tells anything. Only `acl.keys.naming` makes one.
"""

ChunkId = NewType("ChunkId", str)
"""
A UUID, keyed like a document key, over document, revision and ordinal.

It is also the passage id that a reader sees: a name, never a capability.
"""

ReadershipKey = NewType("ReadershipKey", int)
"""
63 bits, keyed over an ACL's content digest and a label: what the index stores of a permission.
Never zero: zero stands for "nobody, yet".
"""

ReadershipDigest = NewType("ReadershipDigest", str)
"""
SHA-256, in hex, of an ACL snapshot's canonical encoding. Equal snapshots, equal digest.
"""

Epoch = NewType("Epoch", int)
"""
Grows by one with every committed write that can change who may read what.
"""
