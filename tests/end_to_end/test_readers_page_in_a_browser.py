"""
The reader's page in a real Chromium: sign in, read, be refused, sign out; nothing runs.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Response, Route, sync_playwright

from tests.end_to_end.identity_provider import HOME
from tests.end_to_end.page_world import PageWorld, page_world

HTML = "text/html"
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed: run scripts/debian-packages as root")
    with page_world(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture(scope="module")
def browser(world: PageWorld) -> Iterator[Browser]:
    del world  # whoever skips for its sake needs no browser
    # As root, as in a container of CI, Chromium cannot make its sandbox.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        yield launched
        launched.close()


@dataclass
class Person:
    """
    Somebody at a browser, and what their browser complains about.
    """

    world: PageWorld
    page: Page
    complaints: list[str] = field(default_factory=list)

    def opens(self, address: str) -> Response:
        answer = self.page.goto(address)
        assert answer is not None
        return answer

    def signs_in(self, subject: str, document: str) -> None:
        self.opens(self.world.address(document))
        self.page.fill('input[name="login"]', subject)
        self.page.fill('input[name="password"]', "any")
        self.page.click('button[type="submit"]')
        self.page.click('button[type="submit"]')  # consent
        self.page.wait_for_url(f"{self.world.origin}/d/**")


@pytest.fixture
def person(world: PageWorld, browser: Browser) -> Iterator[Person]:
    context = browser.new_context(ignore_https_errors=True)
    one = Person(world, context.new_page())
    one.page.on("console", lambda message: one.complaints.append(message.text))
    one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
    yield one
    context.close()


@pytest.mark.promise("page-session")
def test_a_citation_is_opened_read_and_left(person: Person) -> None:
    """
    Nobody is shown anything before; everything works without a script; and signing out ends it.
    """
    person.signs_in("alice", "plan")

    page = person.page
    assert page.locator("blockquote").inner_text().startswith("The plan of the year.")
    assert "they name you" in page.locator("main").inner_text()
    # The first stop of the keyboard leads past the header.
    page.keyboard.press("Tab")
    assert "Skip to the content" == page.evaluate("document.activeElement.textContent")
    assert "rgb(255, 244, 194)" == page.locator("blockquote").evaluate(
        "one => getComputedStyle(one).backgroundColor"
    ), "the style was not applied"
    assert not [one for one in person.complaints if "Security Policy" in one]

    page.click("text=Sign out")

    assert "You are signed out" == page.locator("h1").inner_text()
    assert not [
        one for one in page.context.cookies() if one.get("name", "").startswith("__Host-readership")
    ]


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.promise("revocation")
def test_what_is_not_ones_own_is_not_there(world: PageWorld, person: Person) -> None:
    """
    Forbidden, absent, and what was readable until just now: one page.
    """
    world.push("lent", "Words that bob was lent.", "alice", "bob")
    person.signs_in("bob", "lent")
    assert "lent" in person.page.locator("blockquote").inner_text()

    world.push("lent", "Words that bob was lent.", "alice")
    seen = []
    for address in (world.address("lent"), world.address("hers"), f"{world.origin}/d/{NOWHERE}"):
        answer = person.opens(address)
        seen.append((answer.status, person.page.content()))

    assert 404 == seen[0][0]
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.promise("page-runs-nothing")
def test_a_hostile_document_runs_nothing(person: Person) -> None:
    """
    Nor would it if it were not escaped. The control: elsewhere this browser runs the same.
    """
    person.signs_in("alice", "hostile")

    page = person.page
    assert "run" != page.title()
    assert "alert(1)" in page.locator("blockquote").inner_text()
    assert 0 == page.locator("script, img, iframe").count()

    running = "<title>x</title><script>document.title='run'</script>"
    page.set_content(running)
    assert "x" == page.title()
    page.goto("about:blank")
    page.set_content(running)
    assert "run" == page.title()


FRAMING = "https://framing.example/"


@pytest.mark.promise("page-session")
def test_nobody_frames_the_page(world: PageWorld, browser: Browser) -> None:
    """
    Nor would it show if it held something. The control: without the headers that forbid it, this
    browser frames the very same answer.
    """
    address, shown = f"{world.origin}/reader/signed-in?error=x", []
    body = f'<title>x</title><iframe src="{address}"></iframe>'

    def framing(route: Route) -> None:
        route.fulfill(body=body, content_type=HTML)

    for stripped in (False, True):
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.route(FRAMING, framing)
        if stripped:
            page.route(f"{world.origin}/**", _without_its_headers)
        page.goto(FRAMING)
        page.wait_for_load_state("networkidle")
        (framed,) = page.frames[1:]
        shown.append("You are not signed in" in framed.content())
        context.close()

    assert [False, True] == shown


def _without_its_headers(route: Route) -> None:
    answer = route.fetch()
    forbidding = {"content-security-policy", "x-frame-options", "cross-origin-resource-policy"}
    kept = {name: value for name, value in answer.headers.items() if name not in forbidding}
    route.fulfill(response=answer, headers=kept)


@pytest.mark.promise("page-accessible")
def test_axe_finds_nothing(world: PageWorld, browser: Browser) -> None:
    """
    On the page with its proof unfolded, on refusals, and on the way out; the control is a picture
    without words.
    """
    script = HOME / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe is not installed: run 'make identity-provider'")
    axe = script.read_text(encoding="utf-8")
    # The page's policy would keep the inspector out.
    context = browser.new_context(ignore_https_errors=True, bypass_csp=True)
    page = context.new_page()
    person = Person(world, page)

    def found() -> list[str]:
        page.evaluate(axe)
        return [one["id"] for one in page.evaluate("axe.run(document)")["violations"]]

    person.signs_in("alice", "plan")
    page.click("summary")
    assert page.locator(".statement").is_visible()
    assert [] == found()
    person.opens(f"{world.origin}/reader/signed-in?error=access_denied")
    assert [] == found()
    person.opens(f"{world.origin}/d/{NOWHERE}")
    assert [] == found()
    page.click("text=Sign out")
    assert [] == found()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x></main></html>")
    assert ["image-alt"] == found()
    context.close()
