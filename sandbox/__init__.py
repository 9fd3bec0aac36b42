"""A stand-in inference server that speaks the Ollama and OpenAI protocols."""
