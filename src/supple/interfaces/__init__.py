"""Force fields behind the interfaces of other programs, one file each."""
