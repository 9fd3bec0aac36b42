"""The page “Judges”: groups of judges, the set-up of one, and what it would be asked."""
