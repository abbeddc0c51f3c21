"""What the data look like, as tidy frames: behind the figures of the exploratory chapters."""
