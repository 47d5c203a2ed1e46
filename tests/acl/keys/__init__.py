"""
Tests of envelopes, seals and key files.
"""
