"""What the distances' declarations share."""

#: Of Frechet distances.
FALLS_WITH_N = (
    "biased upward, the more so the fewer pictures there are (the covariances need more pictures "
    "than the network has features); compare numbers of the same N only"
)
