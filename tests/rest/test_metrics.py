from tests.rest.serving import Client


async def test_the_applications_figures_are_there_for_prometheus(client: Client) -> None:
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type is not None
    assert response.content_type.startswith("text/plain; version=")
    assert await response.get_data() == b"chatter_rooms 1.0\n"


async def test_a_scraper_with_a_token_of_its_own_is_let_in(client: Client) -> None:
    response = await client.get("/metrics", headers={"Authorization": "Bearer prometheus"})
    assert response.status_code == 200
