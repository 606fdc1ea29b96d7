"""Force fields: one interface, one file format, and the models that can be trained."""
