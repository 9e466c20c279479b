"""Alembic's entry: the connection comes from `store/schema.py`, inside its transaction."""

from alembic import context

from moviefinder.store.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
