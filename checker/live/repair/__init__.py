"""`checker fix --topic-arn`: changes of live policies and replacements planned, made, proven and rolled back."""
