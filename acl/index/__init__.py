"""
The guarded vector index: names and vectors, never text, never searched without a scope.

`reading` and `writing` are the two ports; nothing on the way out can reach the second.
`stored` is the schema, both directions and the filters in one file.
The embedded engine runs in a process of its own: `engine_shard` is what it does, `dense_copy`
keeps vectors in memory beside it and `dense_rows` scans them,
`engine_process` how it listens, `engine_lease` how it is started and found again, and
`edge_reader` and `edge_writer` are the adapters that talk to it in the words of `wire`.
`embedder` and `terms` turn text into the two kinds of vectors.
"""
