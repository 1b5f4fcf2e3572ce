"""The report pages: what each chart shows, what each number opens, and the table under it. No query in here."""
