"""Title search: folding, an index that forgives typing errors, and answers in the shape of IMDb's suggestions."""
