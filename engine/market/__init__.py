"""Where prices come from: three feeds behind one port, and the checks each bar must pass.

Refuses to forward-fill: a bar that does not exist is reported as missing, never invented.
"""
