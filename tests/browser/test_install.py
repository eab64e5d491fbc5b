"""The page can be installed like a program, and Chromium agrees."""

from playwright.sync_api import expect

from .conftest import Somebody


def test_chromium_finds_nothing_that_keeps_it_from_being_installed(somebody: Somebody) -> None:
    ada = somebody().visits().may_go_offline()
    devtools = ada.page.context.new_cdp_session(ada.page)
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["url"] == f"{ada.url}manifest.webmanifest"
    assert manifest["errors"] == []
    found = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A browser that a test started is a private one.
    assert [error for error in found if error["errorId"] != "in-incognito"] == []


def test_each_icon_is_as_large_as_the_manifest_says(somebody: Somebody) -> None:
    ada = somebody().visits()
    manifest = ada.page.request.get(f"{ada.url}manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    icons = manifest.json()["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in [*icons, {"src": "/apple-touch-icon.png", "sizes": "180x180"}]:
        size = ada.page.evaluate(
            """async (address) => {
              const image = new Image()
              image.src = address
              await image.decode()
              return `${image.naturalWidth}x${image.naturalHeight}`
            }""",
            icon["src"],
        )
        assert size == icon["sizes"]
    expect(ada.page.locator("link[rel=apple-touch-icon]")).to_have_attribute("href", "/apple-touch-icon.png")
