"""Asking customers: whom, when and how, the page they answer on, and what becomes of the answer."""
