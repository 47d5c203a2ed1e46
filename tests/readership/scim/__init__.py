"""
Tests of SCIM, without HTTP.
"""
