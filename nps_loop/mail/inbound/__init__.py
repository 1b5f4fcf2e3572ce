"""Mail that comes in: kept, read, named for what it is, and handed to whoever knows the case. Knows no ticket.

In the order it runs: `polling` (IMAP), a provider's webhook or `manage.py receive_mail` hand bytes to `keeping.store`;
`working` then reads each mail once (`reading`, `markup`), cuts off what it quotes (`cutting`), names its class
(`classes`, `absences`, `bounces`), and lets `hooks.land` say whose it is (by the signed address of `addresses` alone).
"""
