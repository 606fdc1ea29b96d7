"""Tools for compiled loops: how they are compiled and cached, and SIMD vectors as values."""
