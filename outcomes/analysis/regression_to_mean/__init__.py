"""What entering in a bad month alone would give, and what a repeat baseline shows of it."""
