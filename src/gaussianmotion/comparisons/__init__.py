"""What avatars are compared with: other systems' renders, laid out as our own runs, and pictures of
the text-to-image model itself (references, and Fig. 5's noised renders).
"""
