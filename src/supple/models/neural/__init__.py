"""Neural force fields: networks, and the one loop that trains them."""
