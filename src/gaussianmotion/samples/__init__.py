"""Pictures of the text-to-image model itself: references, and noised renders (Fig. 5)."""
