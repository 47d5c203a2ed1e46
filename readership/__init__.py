"""
The front desk: the command line, and the only place that sees both sides.

`ingestion` and `retrieval` never meet; where one program needs both (a demo, a service that
redacts questions with the way in's redactor, a desk where source systems push and are
authenticated like readers), it is put together here and nowhere else.
"""

from importlib.metadata import version

__version__ = version("readership")
