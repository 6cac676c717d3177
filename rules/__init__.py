"""The rules, one in each file, which is named after the ID of the rule. The registry finds them by walking this package."""
