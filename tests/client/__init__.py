"""
Programs that run in the environments of frameworks; `tests.end_to_end.test_frameworks` starts them.
"""
