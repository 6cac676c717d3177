"""The status of a link, a step or a chain, as reports name it."""

OK, BROKEN, UNKNOWN, NOT_APPLICABLE = "ok", "broken", "unknown", "not_applicable"
