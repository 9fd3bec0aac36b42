"""What the judges that measure nearness to the reference's responses share."""
