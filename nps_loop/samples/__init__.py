"""A made-up company with its customers and three months of their answers, for the demo and for tests.

`loading.load` writes it into an empty database, fresh relative to the moment it is told; `truth` knows what must be in
it, `hard_days` holds the cases that break careless programs, and `feeding` lets more answers come in while one watches.
"""
