"""Object storage in the local cloud: buckets, as far as reading and filling them needs."""
