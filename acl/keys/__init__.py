"""
Keys, envelopes and seals: what keeps text unreadable at rest and permissions unedited.

`provider` is the port to a key-encryption key, `files` the provider of the embedded default,
`envelope` seals one document, `acl_seal` authenticates its permission, `naming` derives the
opaque names that the index stores, `signing` holds the key pair that vouches for answers.
"""
