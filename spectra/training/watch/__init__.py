"""Who watches while a translator learns: the journal, the monitor of its players, TensorBoard."""
