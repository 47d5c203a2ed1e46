"""
SCIM 2.0 (RFC 7643, RFC 7644): an identity provider tells who exists and who belongs where.

Read it in the order of a request: `routes`, `desk` (who provisions?), `resources`, `patches` and
`filters` (what is stated or asked?), and `schemas` for what a client may ask about us.
"""
