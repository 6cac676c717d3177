"""Try which conditions of a key policy Amazon Connect meets, with temporary keys and topics of its own."""
