"""One file a judge, and their registry."""
