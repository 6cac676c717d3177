"""From findings to mended files: what a fix is worth, the edits of text that it comes to, and their rounds."""
