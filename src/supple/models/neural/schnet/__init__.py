"""SchNet: settings, network, potential, and its compiled loops."""
