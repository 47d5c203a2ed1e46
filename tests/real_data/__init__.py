"""
Real documents with real owners and real nested teams, judged by an oracle written separately.
"""
