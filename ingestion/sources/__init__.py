"""
Source systems. `port` is what the rest knows of them; one file for each kind.
"""
