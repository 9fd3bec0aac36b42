"""Features, prompt templates, test cases, candidates: validate, freeze, version."""
