"""
The agents' face.
"""
