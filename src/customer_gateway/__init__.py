"""Customer Gateway: one GraphQL Customer over the REST APIs of five back-office systems."""
