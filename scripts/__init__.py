"""What writes files of this repository from its sources."""
