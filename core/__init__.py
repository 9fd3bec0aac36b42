"""What SLaM knows."""
