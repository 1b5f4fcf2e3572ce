"""Reading answers: one module per kind of input, each of which yields the same `surveys.incoming.IncomingResponse`.

A file goes through `delimited` (bytes to rows), `columns` (which column means what), `dates` (which day a date is) and
comes out of `answers`. A posted body goes through `payload`.
"""
