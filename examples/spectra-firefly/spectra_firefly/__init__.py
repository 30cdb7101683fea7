"""A translator, a loss and two metrics for Spectra, which finds them through the entry points in pyproject.toml."""
