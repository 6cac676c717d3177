"""`checker audit`: read and check the topics, keys and instances of accounts, and write results to a journal."""
