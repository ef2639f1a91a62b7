"""Statistics and the pre-registered gates from paper to live.

Refuses to say GO without the record that proves it.
"""
