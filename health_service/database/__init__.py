"""PostgreSQL, as the service uses it: a pool that never hangs, its errors in words, its check."""
