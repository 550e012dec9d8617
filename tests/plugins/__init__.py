"""Tests of chat.plugins."""
