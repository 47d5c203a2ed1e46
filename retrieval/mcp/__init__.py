"""
The agents' face: the Model Context Protocol over streamable HTTP, without sessions.

`door` decides who comes in, and hands each request to `server`, which is the SDK's; `tools` says
what there is to call, `arguments` what may be asked, `desk` asks the reading room and `results`
lays its answers out. The names of the SDK stop at `server`.
"""
