"""
The nouns: pure, frozen values that both sides of the service share.
"""
