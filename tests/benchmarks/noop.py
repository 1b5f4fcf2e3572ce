"""A Celery application whose one task does nothing: what a message through the broker costs at least."""

import os

from celery import Celery

prefix = os.environ["NOOP_PREFIX"]
app = Celery("noop", broker=os.environ["REDIS_URL"], backend=os.environ.get("NOOP_BACKEND") or None)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=not os.environ.get("NOOP_BACKEND"),
    worker_prefetch_multiplier=4,
    broker_transport_options={"global_keyprefix": prefix},
    result_backend_transport_options={"global_keyprefix": prefix},
    broker_connection_retry_on_startup=True,
)


@app.task
def noop(number: int) -> int:
    return number
