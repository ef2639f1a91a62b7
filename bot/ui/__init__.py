"""Cards: view-model in, Components V2 message out; and the buttons and modals on them.

Refuses to ask the desk anything while drawing.
"""
