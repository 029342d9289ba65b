"""A page of the customer's as the picture of a live recording, rendered by headless Chromium.

`view` is what the rest of the recorder sees. `browser` starts Chromium, `devtools` talks to it, `pictures` decodes what
it sends. All its connections go through `proxy`, which asks `egress` whom the page may reach.
"""
