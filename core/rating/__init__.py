"""Campaign, assignment, session, completion."""
