"""Run by Alembic for every command; the connection and its transaction are those of the caller."""

from alembic import context

from signalling.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
