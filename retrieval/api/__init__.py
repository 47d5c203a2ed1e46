"""
The HTTP face: `app` puts it together, `routes` are the paths, `schemas` the bodies,
`problems` the errors, `limits` what is refused before it is read.
"""
