"""A chat server: one core, several protocols, every verb a plugin."""

__version__ = "0.1.0"
