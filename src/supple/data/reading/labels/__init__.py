"""Which of the names in a file are the energy and the forces."""
