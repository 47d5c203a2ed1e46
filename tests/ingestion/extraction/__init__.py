"""
Tests of the extraction sandbox and of each format.
"""
