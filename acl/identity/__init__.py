"""
A bearer token becomes a `VerifiedReader`, or an error that says nothing to whoever sent it.

Read `tokens` first: it is the whole verification as one numbered list. Its steps stand in
`signed` (what a token is made of, and who signed it) and `claims` (what it must say). `profiles`
is what issuers do differently; `keysets` where keys come from, `jwks` which of them are good, and
`wire` how an issuer is asked; `introspection` asks it about tokens. `reader` is what comes out,
`linking` how a reader gets principals.

A token that was good may have been revoked: `revocation` asks that for every request. What issuers
and transmitters say to that end is verified in `security_events` and `logouts`, by what both
have in common (`statements`), and names whose tokens it is about (`subjects`).
"""
