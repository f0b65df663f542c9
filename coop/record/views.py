"""What happened, for everybody to read and to check."""
