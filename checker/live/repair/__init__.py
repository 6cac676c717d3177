"""`checker fix --topic-arn`: plan, apply, verify and roll back changes of live policies, and replacements."""
