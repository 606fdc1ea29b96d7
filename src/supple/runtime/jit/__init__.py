"""What compiled loops of all models are made with: how they are compiled, and vectors as values."""
