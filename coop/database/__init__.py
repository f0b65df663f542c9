"""The database: one PostgreSQL with two roles, and the guards that hold the promises."""
