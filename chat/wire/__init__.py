"""The WebSocket side: framing, the ActivityStreams codec, sessions, delivery."""
