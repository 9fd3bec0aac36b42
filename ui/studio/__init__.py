"""The pages of admins and researchers."""
