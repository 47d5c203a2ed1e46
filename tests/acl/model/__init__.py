"""
Tests of the nouns.
"""
