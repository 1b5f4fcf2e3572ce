"""The seam: surveys announces, whoever cares listens. Payloads are plain types only."""

from django.dispatch import Signal

# Sent once a batch is committed. Arguments: response_ids (list[int], those with a new newest revision).
responses_recorded = Signal()
