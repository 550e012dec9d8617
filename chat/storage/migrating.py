"""Brings a database's schema up to the code's, in one transaction, or refuses and touches nothing."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from chat.errors import ConfigError


def migrate(connection: Connection) -> None:
    """Run the missing migrations inside the connection's transaction.

    Raises ConfigError when the schema is newer than the code.
    """
    config = alembic_config()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise ConfigError(f"the database has the schema {current}, which is newer than this server: run a newer one")
    if current != script.get_current_head():
        command.upgrade(config, "head")


def check_schema(connection: Connection) -> None:
    """Raise ConfigError unless the schema is the code's."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current != ScriptDirectory.from_config(alembic_config()).get_current_head():
        raise ConfigError(
            f"the database has the schema {current or 'of no server'}: start a server of this version first"
        )


def alembic_config() -> Config:
    """Where the migrations are; works from a checkout and from a wheel."""
    config = Config()
    config.set_main_option("script_location", str(files("chat.storage") / "migrations"))
    return config
