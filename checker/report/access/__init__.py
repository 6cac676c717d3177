"""Reports of who gains and who loses access by a change: the rows, and a module for each format."""
