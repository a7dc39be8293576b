class AdapterError(ValueError):
    """Something about an adapter or its base is not as the format says; the message says what, and what to do."""
