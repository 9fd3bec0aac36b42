"""What the pages about judges share: which judge, people beside it, and what is said of it."""
