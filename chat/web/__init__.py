"""The HTTP side: the backend REST API, health, and the web page."""
