"""File formats by which films and answers come and go: pure, without database or network."""
