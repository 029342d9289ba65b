"""The video API under /video/v2: HTTP Basic, JSON, and the envelope `{"result": 0, …}` or `{"result": N, "error": …}`.

    routes(store, issuer, credentials, sessions, clock=time.time) -> list[aiohttp.web.RouteDef]
"""
