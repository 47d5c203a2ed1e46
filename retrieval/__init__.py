"""
The way out: from a question and a bearer token to passages that this reader may read.

The files are the steps, in their order: `authenticate`, `authorize`, `prepare`, `search`,
`recheck`, `unseal`, `sanitise`, `cite`, and `answer`, which calls them and writes the audit
record before anything leaves. `api` speaks HTTP around it, `wiring` puts it together.
"""
