"""
Who belongs to which group, as the sources define it.
"""
