"""`checker audit`: topics, keys and instances of accounts read, judged and journalled as they come."""
