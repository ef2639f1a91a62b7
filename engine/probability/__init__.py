"""The twelve layers: from closed bars to a calibrated chance that a target comes before its stop.

Refuses to look ahead, to guess without evidence and to do anything but arithmetic.
"""
