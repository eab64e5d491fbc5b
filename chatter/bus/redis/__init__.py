"""Redis as what connects the nodes: the only package that knows coredis."""

from chatter.bus.redis.bus import RedisBus

__all__ = ["RedisBus"]
