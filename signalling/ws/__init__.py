"""The client protocol: JSON-RPC 2.0 over a WebSocket (docs/protocol.md)."""
