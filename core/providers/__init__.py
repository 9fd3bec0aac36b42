"""One file a provider: one streamed, timed call."""
