"""Neural force fields: networks, each a folder or file of its own, and what all of them share: settings, fit, training loop."""
