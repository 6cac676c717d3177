"""Rules, one a file, named after the id of the rule; the registry finds them by walking this package."""
