"""The GraphQL schema as code (the only home of strawberry) and the engine that answers operations over it."""
