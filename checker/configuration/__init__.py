"""The decisions of a team: selected rules, severities, suppressions and the baseline."""
