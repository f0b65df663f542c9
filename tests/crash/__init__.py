"""Web server, worker and database are killed under load at random moments; nothing that was answered may be lost."""
