"""Fix findings: prove what a fix changes, compute the text edits, and apply them in rounds."""
