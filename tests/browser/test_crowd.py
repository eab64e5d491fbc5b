"""A room that two thousand people are in, two hundred of them typing, in a place with three hundred rooms."""

import json
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from .camera import Camera
from .conftest import Somebody
from .correspondent import Correspondent
from .person import Person
from .server import Server

DESK: dict[str, Any] = {"width": 1280, "height": 800}
PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
PEOPLE = [{"id": f"crowd-{number}", "name": f"Visitor_{number:04}"} for number in range(2000)]
TYPING = 200


class Crowd:
    """Added to what the server says to one page, on the way there."""

    def __init__(self, person: Person) -> None:
        person.page.route_web_socket("**/socket/websocket*", self._between)

    def types(self) -> None:
        for user in PEOPLE[:TYPING]:
            frame = [self._join_ref, None, "chat:lobby", "typing", {"user": user, "typing": True}]
            self._page.send(json.dumps(frame))

    def _between(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        page.on_message(server.send)
        server.on_message(self._to_page)
        self._page = page

    def _to_page(self, frame: str | bytes) -> None:
        if isinstance(frame, str) and '"presence_state"' in frame:
            self._join_ref, ref, topic, event, state = json.loads(frame)
            frame = json.dumps([self._join_ref, ref, topic, event, state | dict(map(present, PEOPLE))])
        self._page.send(frame)


def present(user: dict[str, str]) -> tuple[str, dict[str, Any]]:
    meta = {**user, "phx_ref": user["id"], "online_at": "1700000000", "status": "online"}
    return user["id"], {"metas": [meta]}


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_a_crowd_fits(somebody: Somebody, server: Server, screen: dict[str, Any]) -> None:
    host = Correspondent(server.url, "Host")
    for number in range(300):
        host.opens(f"room-{number:03}")
    bo = somebody(**screen)
    crowd = Crowd(bo)
    bo.visits()
    with Camera(bo, f"{screen['width']}-light") as camera:
        crowd.types()
        bo.sees("198 others are typing…")
        camera.takes("crowd-typing")
        if screen is PHONE:
            bo.page.get_by_role("button", name="People, 2000 on").click()
        expect(bo.page.get_by_role("heading", name="Online 2000")).to_be_visible()
        assert bo.page.get_by_role("region", name="Online").get_by_role("listitem").count() <= 200
        bo.sees("and 1800 more")
        camera.takes("crowd")
        bo.page.keyboard.press("Escape")
        if screen is PHONE:
            bo.page.get_by_role("button", name="Rooms", exact=True).click()
        bo.page.get_by_role("navigation", name="Rooms").get_by_role(
            "link", name="room-299"
        ).scroll_into_view_if_needed()
        camera.takes("crowd-rooms")
