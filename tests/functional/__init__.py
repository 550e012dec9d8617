"""Tests that start whole servers and real clients."""
