"""What templates may write about money."""
