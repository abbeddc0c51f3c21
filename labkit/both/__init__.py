"""What compares the two studies: the conclusions, the appendices."""
