"""
The tests mirror the packages; the folders beside them hold what crosses packages.
"""
