"""Formats of a report, one in each module. `render` yields the lines of the report, without line ends."""
