"""Users: guests and accounts, how they prove who they are, and what becomes of them."""
