"""The calls of the backend endpoint, over real HTTP, and what WebSocket clients see of them."""
