"""Names in Redis: one hash a name, with whose it is and which nodes hold it; and one key a node, its lease.

A script decides, and Redis runs one at a time, so a race has one winner. A node whose lease has run out holds nothing,
whatever the hashes say. What happens on one node is decided there first, one claim after the other.
"""

from collections.abc import Mapping
from typing import Final, cast

import trio
from coredis import Redis
from coredis.exceptions import RedisError

from chatter.bus.claims import LEASE
from chatter.core.names import Names

RENEW: Final = 2.0
FORGOTTEN: Final = 24 * 3600
"""Seconds after which a name that nobody claimed or renewed is no longer kept, whoever was to give it back."""
REFRESH: Final = FORGOTTEN / 4
AT_ONCE: Final = 500
"""Names that are claimed again by one script: Redis does nothing else for a dozen milliseconds."""

_CLAIM: Final = """
local node, nodes, forgotten, won = ARGV[1], ARGV[2], ARGV[3], {}
for i, name in ipairs(KEYS) do
  local user, owner, others = ARGV[i + 3], redis.call('HGET', name, 'user'), 0
  for _, other in ipairs(redis.call('HKEYS', name)) do
    if other ~= 'user' and other ~= node then
      if redis.call('EXISTS', nodes .. other) == 1 then others = others + 1
      else redis.call('HDEL', name, other) end
    end
  end
  if owner and owner ~= user and others > 0 then won[i] = 0
  else
    redis.call('HSET', name, 'user', user, node, '')
    redis.call('EXPIRE', name, forgotten)
    won[i] = 1
  end
end
return won
"""
_RELEASE: Final = """
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[1]) < 2 then redis.call('DEL', KEYS[1]) end
"""
_IN_USE: Final = """
for _, node in ipairs(redis.call('HKEYS', KEYS[1])) do
  if node ~= 'user' and redis.call('EXISTS', ARGV[1] .. node) == 1 then return 1 end
end
return 0
"""


class RedisClaims:
    """`chatter.bus.claims.Claims`. `node` is unique to this process."""

    def __init__(self, prefix: str, node: str) -> None:
        self._names = Names()
        self._names_prefix = f"{prefix}name:"
        self._nodes_prefix = f"{prefix}node:"
        self._node = node
        self._client: Redis[bytes] | None = None
        self._one_by_one = trio.Lock()
        self._freed = trio.Event()
        self._unanswered = trio.Event()

    async def claim(self, name: str, user_id: str, holder: str) -> bool:
        async with self._one_by_one:
            if not self._names.is_free_for(name, user_id, holder) or not await self._won(name, user_id):
                return False
            granted = self._names.claim(name, user_id, holder)
        self._give_back()
        return granted

    def release(self, holder: str) -> None:
        self._names.release(holder)
        self._give_back()

    async def in_use(self, name: str) -> bool:
        if name in self._names or self._client is None:
            return name in self._names
        try:
            return bool(await self._client.eval(_IN_USE, [self._key(name)], [self._nodes_prefix]))
        except (RedisError, OSError):
            return False

    async def open(self, client: "Redis[bytes]") -> None:
        """There is a connection: take the lease, and claim again what is held; what is claimed meanwhile asks, too."""
        self._unanswered = trio.Event()
        self._client = client
        await self._renew(client)
        await self._claim_all(client)

    async def live(self, client: "Redis[bytes]") -> None:
        """Keep the lease, and give back what is free."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_lease, client)
            nursery.start_soon(self._release_freed, client)
            nursery.start_soon(self._give_up_unanswered)

    def close(self) -> None:
        """There is no connection any more."""
        self._client = None

    async def leave(self, client: "Redis[bytes]") -> None:
        """The node stops: it holds nothing any more."""
        await client.delete([self._nodes_prefix + self._node])

    async def _won(self, name: str, user_id: str) -> bool:
        """Whether no other node says no; those that can't be reached say nothing."""
        if self._client is None:
            return True
        try:
            [won] = await self._ask(self._client, {name: user_id})
            return won == 1
        except (RedisError, OSError):
            self._unanswered.set()
            return True

    async def _ask(self, client: "Redis[bytes]", wanted: Mapping[str, str]) -> list[int]:
        """Whether each name is given to its user: 1 or 0."""
        said = (self._node, self._nodes_prefix, str(FORGOTTEN), *wanted.values())
        return cast("list[int]", await client.eval(_CLAIM, [self._key(name) for name in wanted], said))

    async def _keep_lease(self, client: "Redis[bytes]") -> None:
        refresh_at = trio.current_time() + REFRESH
        while True:
            await trio.sleep(RENEW)
            await self._renew(client)
            if trio.current_time() >= refresh_at:
                refresh_at = trio.current_time() + REFRESH
                await self._claim_all(client)

    async def _give_up_unanswered(self) -> None:
        """A name that was given without an answer is claimed again on the next connection."""
        await self._unanswered.wait()
        raise ConnectionError("a claim was not answered")

    async def _renew(self, client: "Redis[bytes]") -> None:
        await client.set(self._nodes_prefix + self._node, b"", px=int(LEASE * 1000))

    async def _claim_all(self, client: "Redis[bytes]") -> None:
        """Again, after Redis was away, and in case it forgot: what is still held when its turn comes."""
        names = [name for name, _ in self._names]
        for n in range(0, len(names), AT_ONCE):
            async with self._one_by_one:
                held = {name: self._names.owner(name) for name in names[n : n + AT_ONCE] if name in self._names}
                if held:
                    await self._ask(client, held)

    async def _release_freed(self, client: "Redis[bytes]") -> None:
        while True:
            news = self._freed
            while freed := self._names.freed:
                async with self._one_by_one:
                    if freed[0] not in self._names:  # nobody has taken it again
                        await client.eval(_RELEASE, [self._key(freed[0])], [self._node])
                    del freed[0]
            await news.wait()

    def _give_back(self) -> None:
        if self._names.freed:
            self._freed.set()
            self._freed = trio.Event()

    def _key(self, name: str) -> str:
        return self._names_prefix + name.casefold()
