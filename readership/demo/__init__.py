"""
`readership demo`: a fictional company, an issuer that nobody may trust, and a tour.
"""
