"""What a bench may claim: differences with their intervals and tests, what is best, what several seeds say.

Each choice is explained in `docs/statistics.md`.
"""
