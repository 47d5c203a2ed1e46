"""
The fast thing equals the readable thing: decisions against an independent oracle.
"""
