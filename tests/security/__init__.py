"""
The register of promises, and the tests that hold it to the suite.
"""
