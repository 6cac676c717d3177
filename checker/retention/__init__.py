"""Whether a topic's messages are kept: every link from SNS to a queue or a delivery stream, judged. No I/O."""
