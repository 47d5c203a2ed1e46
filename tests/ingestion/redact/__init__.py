"""
Redaction: what is found, what is left, and what it costs to be wrong.
"""
