"""Whom we ask, when, and why somebody was not asked.

`fatigue` says which rule stops an invitation (pure), `history` reads what it needs to know about many people at once,
`turns` says when somebody's turn is (pure). `planning` plans the rounds of a cadence and `events` what something that
happened asks for; `sending` looks at each once more when its moment comes and queues the mail, `delivered` keeps what
became of it, `reminding` reminds once and ends what nobody answered.
"""
