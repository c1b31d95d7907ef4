"""Models that come from elsewhere: which there are, fetching, checking and sharing them."""
