"""Run, watch and explain one live chat from Amazon Connect to the topic, and clean up afterwards."""
