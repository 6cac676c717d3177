"""JSON Schemas: topic policy, key policy, streaming manifest, report."""
