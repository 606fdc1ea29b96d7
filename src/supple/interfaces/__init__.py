"""Force fields in other programs: one file for each program or export format."""
