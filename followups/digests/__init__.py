"""The digest: what needs a look, worst first. Weekly for whoever leads, monthly for directors and administrators.

`reading` counts, `findings` decides what is worth a line (pure), `wording` says it, `sending` mails it once per week or
month. `page` shows the same at any time.
"""
