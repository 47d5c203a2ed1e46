"""
A bearer token becomes a `VerifiedReader`, or an error that says nothing to whoever sent it.

Read `tokens` first: it is the whole verification as one numbered list. `profiles` is what
issuers do differently, `keysets` where keys come from, `reader` what comes out, `linking` how
a reader gets principals.
"""
