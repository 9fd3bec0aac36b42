"""What judges that ask a model share: options, fences, forms of a reply, and how it is read."""
