"""OpenAI's API as OpenAI, Azure OpenAI and compatible servers speak it; one implementation."""
