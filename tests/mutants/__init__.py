"""
Seeded faults in the permission core, each with the tests that must notice it.
"""
