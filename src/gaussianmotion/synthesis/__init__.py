"""Makes the embedded prior: characters, renders, captions, and the models trained on them."""
