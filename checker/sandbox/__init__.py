"""A local AWS: moto's server with Amazon Connect and its participant service in front of it.

It shares no code with the rest of `checker`, so that each can be tested against the other.
Tests start it with `running.running_sandbox` and fill it with `seed`.
"""
