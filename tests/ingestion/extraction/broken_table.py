"""
A table of formats that names a parser which is not installed.
"""

FORMATS = {"test/missing": "tests.ingestion.extraction.no_such_module:extract"}
