"""The pages of the follow-up: parse, call one function, render."""
