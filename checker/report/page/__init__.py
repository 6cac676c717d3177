"""The parts of an HTML page: one file without requests to other places, for `--format html`."""
