"""Webhooks: telling the application's backend what happens in its rooms."""
