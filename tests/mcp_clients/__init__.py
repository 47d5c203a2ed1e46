"""
Clients of others, which `scripts/mcp-clients` runs against a throw-away service.
"""
