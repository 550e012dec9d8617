"""The migrations, run by Alembic at the start of a server."""
