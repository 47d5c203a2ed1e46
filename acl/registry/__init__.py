"""
The system of record: documents, readerships, groups, the epoch, and sealed text.

`tables` is the schema, `database` opens it, `permissions` answers who may read what at one
epoch, `content` hands out sealed parts, `writing` is the only file that changes anything.
Whatever the index still holds, what this says is what counts.
"""
