"""One real chat, from Amazon Connect to the topic: run, watched, explained, and cleared away."""
