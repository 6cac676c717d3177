"""Runs audits inside AWS: the nightly task and the function that events start. `deploy/` sets both up."""
