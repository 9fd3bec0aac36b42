"""What Ollama's native API says, in the words that all providers share."""
