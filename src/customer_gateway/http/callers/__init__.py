"""Who calls: API keys and users' tokens, checked before any work is joined."""
