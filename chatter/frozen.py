"""Classes of data that nobody changes, as cheap to make as classes that anybody may.

`attrs.frozen` guards every field at run time, and making an object costs four times as much for it. What each message
passes through is frozen for the type checker only, as attrs' documentation recommends ("Performance", `frozen`);
`attrs.frozen` stays wherever objects are hashed, or made rarely.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen

__all__ = ["frozen"]
