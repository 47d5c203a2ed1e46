"""
What ingestion and questions cost, against the raw parts that they are made of.

`python -m tests.benchmarks` runs it; pytest collects nothing here.
"""
