"""What is measured, whatever the server."""
