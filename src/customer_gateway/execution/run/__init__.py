"""Execute a plan, level by level: each field once for all objects of a level."""
