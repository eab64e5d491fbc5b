"""REST and the page, over Quart: what scripts, bots and browsers ask without a socket."""

from chatter.rest.app import build
from chatter.rest.house import House

__all__ = ["House", "build"]
