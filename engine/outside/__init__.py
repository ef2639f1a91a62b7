"""What is asked of a desk that this process does not run: halt it, and read its risk.

Works on its files alone, whether the desk runs, hangs or is gone. Refuses to write into its
journal, which has one writer.
"""
