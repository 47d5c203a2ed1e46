"""
Tests of tokens, keys and links.
"""
