"""One module a provider; the module's name is the provider's name."""
