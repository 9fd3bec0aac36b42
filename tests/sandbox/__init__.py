"""The sandbox is tested as it is used: over real HTTP, with the official clients."""
