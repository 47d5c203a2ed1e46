"""
Decides who may read what, and holds everything both sides must agree on.

This is the ground floor: `ingestion` and `retrieval` stand on it, and it imports neither.
Read it bottom-up.
`model` names things, `decision` reasons about them without touching the outside world,
and the rest are doors to that world.

The one promise: a document whose readers we do not know is readable by nobody.
"""
