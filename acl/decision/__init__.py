"""
The verbs: decide, expand, mint, explain. Pure: no I/O, no clock, nothing but `acl.model`.

Read `read` first; it is the one rule of this product. `membership` says which principals a
reader holds, `scoping` turns both into the capability to search, `explaining` tells the story.
"""
