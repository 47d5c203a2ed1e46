"""
Tests of the system of record.
"""
