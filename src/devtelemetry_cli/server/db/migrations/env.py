"""Alembic's way in: it runs the migrations over the connection that schema.py hands it, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table=context.config.attributes["table"])
context.run_migrations()
