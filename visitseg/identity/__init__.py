"""Which segment is which, from one model to the next; and what to say of it."""
