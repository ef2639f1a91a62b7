"""The desk's own rules: from assessment to terms, from a yes to an order, from a fill to an exit.

Pure: every function takes the ledger, the time and prices as arguments and returns values.
"""
