"""Reports to text and JSON. A report knows no rule."""
