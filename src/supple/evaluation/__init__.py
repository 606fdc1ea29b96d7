"""The accuracy of a force field: its errors, their uncertainty, where they are large, and published errors."""
