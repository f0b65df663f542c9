"""Files that banks read and write: pain.001 orders, camt.053 statements, each checked against its schema."""
