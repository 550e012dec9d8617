"""Tests of chat.storage."""
