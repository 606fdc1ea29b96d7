"""How accurate a force field is: its errors, how certain they are, where they are large, and what others have published."""
