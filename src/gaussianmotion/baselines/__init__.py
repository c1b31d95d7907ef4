"""Other systems' renders, checked and laid out as our own runs."""
