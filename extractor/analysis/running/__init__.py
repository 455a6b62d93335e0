"""What a piece of code does when it runs, in the order in which it runs: imports and calls.

A call is noted as a path: names and attributes, where ``()`` stands for what a call gives. So
``app.route()`` calls the method and ``app.route()()`` calls what that returned, as a decorator
with arguments does. ``self`` is the object whose method runs, ``<super>`` its bases, ``<new>``
the making of a class.
"""
