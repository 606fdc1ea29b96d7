"""An example of a plugin for Supple: a file format and a model."""
