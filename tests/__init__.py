"""The tests; folders mirror `chat/`, `functional/` has those that start whole servers."""
