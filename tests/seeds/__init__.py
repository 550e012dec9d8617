"""Every example of the documents that this protocol comes from: sent as it stands, and compared key by key."""
