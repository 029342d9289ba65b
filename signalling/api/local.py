"""Local mode: rooms and tokens without credentials, for trying out roomcast on one's own machine.

    routes(store, issuer, credentials, sessions, clock=time.time) -> list[aiohttp.web.RouteDef]

`POST /local/rooms {"name"?}` → `{"room_id", "token", "url"}`, `POST /local/rooms/{room_id}/tokens {"name", "role"?}` →
`{"token", "role"}`.
"""
