"""What a model costs: parameters, operations, time and memory, measured in a process of its own."""
