"""
What was asked and released, recorded so that it cannot quietly change.

`events` says what is recorded, `chain` keeps it durable and tamper-evident.
"""
