"""Tests of chat.web."""
