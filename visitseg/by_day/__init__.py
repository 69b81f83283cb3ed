"""Tables that are kept by days: a call replaces the days it is for, whole, and no others."""
