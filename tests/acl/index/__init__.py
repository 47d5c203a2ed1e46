"""
Tests of the guarded index, against the real engine.
"""
