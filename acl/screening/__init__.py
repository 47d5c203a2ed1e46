"""
Says whether a text reads like an instruction to a language model. A signal, never a gate.

Both sides ask: the way in about what a source delivers, the way out about what it is about to
release. What is said travels with a passage as provenance; policy may keep such passages back,
and nothing that protects a secret depends on it.
"""
