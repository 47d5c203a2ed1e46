"""
The way in: from a source system to sealed, indexed chunks with their permissions.

Follow a document: `sources` lists and fetches, `extract` reads it in a sandbox, `clean` takes
out what nobody sees, `redact` replaces personal data, `split` cuts it, `seal` encrypts it.
`pipeline` runs these for a batch; `plan` decides what needs doing; `reconcile` does it in the
order that never shows anybody too much; `settle` makes the index follow the registry.
`push` takes in what source systems state by themselves, `pushed_content` processes it.
"""
