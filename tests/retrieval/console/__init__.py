"""
Tests of the page on which readers open citations.
"""
