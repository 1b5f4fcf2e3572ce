"""Where the broker is."""

from pathlib import Path


def broker_url(redis_url: str, data_dir: Path) -> str:
    return redis_url or f"redis+socket://{data_dir / 'broker.sock'}"
