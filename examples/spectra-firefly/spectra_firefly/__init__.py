"""A translator, a loss and a metric for Spectra, which finds them through the entry points in pyproject.toml."""
