// Keys, drafts and the status line. Every page works without it.
