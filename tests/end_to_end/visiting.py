"""
Somebody with a browser: follows redirects between the page and the provider, and signs in there.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import httpx

from tests.end_to_end.page_world import PageWorld

MAX_HOPS: Final = 16
BACK: Final = "/reader/signed-in?"


@dataclass
class Visitor:
    """
    One browser. It has no session until somebody signs in with it.
    """

    world: PageWorld
    http: httpx.Client

    @classmethod
    def of(cls, world: PageWorld, subject: str | None = None) -> "Visitor":
        """
        Return a new one, signed in as somebody if one is named.
        """
        made = cls(world, world.provider.browser())
        if subject is not None:
            page = made.signs_in(subject, "plan")
            assert 200 == page.status_code, page.text
        return made

    def kept(self) -> dict[str, str]:
        """
        Return the cookies of the page that this browser keeps.
        """
        return {
            one.name: one.value or ""
            for one in self.http.cookies.jar
            if one.name.startswith("__Host-readership-")
        }

    def opens(self, document: str) -> httpx.Response:
        """
        Ask for a page, and go nowhere else.
        """
        return self.http.get(self.world.address(document))

    def opens_id(self, passage: str) -> httpx.Response:
        """
        Ask for the page of an id, and go nowhere else.
        """
        return self.http.get(f"{self.world.origin}/d/{passage}")

    def signs_in(self, subject: str, document: str) -> httpx.Response:
        """
        Ask for a page, and go wherever that leads, until it is shown.
        """
        return self.follow(self.returns(self.opens(document), subject))

    def returns(self, answer: httpx.Response, subject: str) -> str:
        """
        Go through the provider's pages; return the address that leads back.
        """
        for _ in range(MAX_HOPS):
            if answer.is_redirect:
                where = urljoin(str(answer.url), answer.headers["location"])
                if BACK in where:
                    return where
                answer = self.http.get(where)
                continue
            fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', answer.text))
            if 'name="login"' in answer.text:
                fields |= {"login": subject, "password": "any"}
            action = re.search(r'action="([^"]+)"', answer.text)
            assert action is not None, answer.text
            answer = self.http.post(urljoin(str(answer.url), action[1]), data=fields)
        raise AssertionError(answer.text)

    def follow(self, address: str) -> httpx.Response:
        """
        Go to an address of the page, and where it redirects within the page.
        """
        answer = self.http.get(address)
        while answer.is_redirect and answer.headers["location"].startswith("/"):
            answer = self.http.get(urljoin(address, answer.headers["location"]))
        return answer

    def form(self, page: httpx.Response) -> str:
        """
        Return the proof in a page's form.
        """
        found = re.search(r'name="form" value="([^"]+)"', page.text)
        assert found is not None
        return found[1]

    def signs_out(self, form: str | None) -> httpx.Response:
        """
        Send the form.
        """
        data = {} if form is None else {"form": form}
        return self.http.post(f"{self.world.origin}/reader/sign-out", data=data)
