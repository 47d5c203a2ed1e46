"""
The new enemy: somebody is shut out, then something is written that is not for them.

`stories` says what happens at the source, `ways` how the service takes it in, `scene` who asks
meanwhile, and `sabotage` which guards can be taken away.
"""
