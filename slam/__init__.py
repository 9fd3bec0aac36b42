"""The public face: `import slam` and the `slam` command."""
