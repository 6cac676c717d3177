"""A local AWS: moto's server with Amazon Connect and its participant service in front of it.

It shares no code with the rest of `checker`, so that neither only confirms itself. `running.running_sandbox`
is the entry for tests, `seed` what to put into it.
"""
