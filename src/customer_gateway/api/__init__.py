"""The GraphQL schema as code, and the engine that answers operations over it."""
