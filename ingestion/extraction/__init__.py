"""
Turns bytes from an untrusted source into text, where a parser can do no harm.

Parsers of PDF, HTML and office files crash, loop and get exploited; every one
of them runs in a process that may compute, read its one document and write its
one answer, and nothing else.

Read in this order: `limits`, `wire` (what crosses the border), `zygote` (our
side of it), `worker` (the other side), `sandbox` and `seccomp` (what the other
side gives up), then `formats`.
Only `formats` imports third-party parsers, and only the worker imports `formats`' modules.
"""
