"""The policy language: text to nodes with spans, nodes to a typed policy. Pure, standard library only."""
