"""What survives: the schema, its migrations, the group commit and the statements."""
