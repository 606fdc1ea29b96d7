"""Data: one molecule, many frames; files in, files out, and which frames are used for what."""
