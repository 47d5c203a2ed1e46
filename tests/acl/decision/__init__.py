"""
Tests of the verbs, rule by rule.
"""
