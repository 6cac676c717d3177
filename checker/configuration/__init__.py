"""What a team has decided: which rules run, how severe they are, what is put up with and until when."""
