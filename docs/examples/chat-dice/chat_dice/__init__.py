"""Dice for the chat server."""
