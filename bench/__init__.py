"""`make bench`: how good and how quick search and recommendations are, beside peers in the same run."""
