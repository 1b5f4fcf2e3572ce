"""Any list and any figure as a file: CSV and XLSX, with exactly the rows and columns its reader may see.

`listing` says what a list is: its columns, which rows were asked for, and how a batch of them is read. `tickets`,
`answers`, `invitations`, `mails` and `figures` are the lists known here; others are registered by whoever knows them
(the queue and promises, by `followups.exported`). `cells` says how a value looks in a file, `files` writes one,
`asking` decides between an answer at once and a job, `making` does the job, `keeping` holds the finished files.
"""
