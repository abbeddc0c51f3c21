"""Networks, whatever the data: an MLP, its training, many of them at once, the search over them."""
