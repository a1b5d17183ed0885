"""The migrations, as Alembic runs them: a file for each in `versions/`, in the order of their `down_revision`."""
