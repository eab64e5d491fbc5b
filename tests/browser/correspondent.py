"""Somebody who talks over REST: as much as a test wants, at once."""

import json
from typing import Any
from urllib.request import Request, urlopen


class Correspondent:
    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._token: str | None = None
        self._token = self._post("api/guests", {"name": name})["token"]

    def says(self, *texts: str, room: str = "lobby") -> None:
        for text in texts:
            self._post(f"api/channels/{room}/messages", {"text": text})

    def opens(self, room: str, topic: str = "") -> None:
        self._post("api/channels", {"name": room, "topic": topic})

    def _post(self, path: str, body: dict[str, str]) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        with urlopen(Request(self._url + path, json.dumps(body).encode(), headers), timeout=20) as answer:
            return json.load(answer)
