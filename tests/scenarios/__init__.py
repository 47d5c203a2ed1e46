"""
Permission scenarios: small worlds on paper, held against the decision, the index and HTTP.
"""
