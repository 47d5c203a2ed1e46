"""
The page on which a reader opens a citation in a browser, if `[reader_page]` is configured.

`routes` are its paths, `sign_in` is how a browser comes to a token, `provider` what the issuer
says of itself, `sessions` where the token is kept, `citations` what is shown and why, `pages` how.

A browser's session is nothing but an access token that the browser keeps, sealed. Each request
presents it to the reading room like any other client's, so every rule of tokens, revocation,
switches and permissions holds at the next request.
"""
