"""Tests of chat.wire."""
