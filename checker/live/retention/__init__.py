"""Read, check and create the subscriptions that retain a topic's messages."""
