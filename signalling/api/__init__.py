"""The HTTP APIs. Each published API is a thin translation in a folder of its own."""
