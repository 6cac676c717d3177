"""Formats of a report: one module a format, found by its name; `render` gives the lines, without line ends."""
