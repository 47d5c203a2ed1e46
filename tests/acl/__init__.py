"""
Tests of the ground floor, one folder a package.
"""
