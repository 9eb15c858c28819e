"""What `python -m experiments.bench` measures: one file a comparison, each with its two sides and their sizes."""
