"""How good a force field is, and what others have reached."""
