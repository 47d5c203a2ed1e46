"""
The system of record: documents, readerships, groups, the epoch, and sealed text.

`tables` is the schema, `database` opens it, `permissions` answers who may read what at one
epoch, `content` hands out sealed parts. `writing` changes it for a sync; `pushing`,
`pushing_groups` and `pushed_content` for push clients, and `ownership` says what is theirs.
`steps` are what every writing transaction is made of; nothing else changes anything.
Whatever the index still holds, what this says is what counts.
"""
