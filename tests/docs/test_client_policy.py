"""
The example of which host may carry what is a configuration, and means what the page says.
"""

import re
import tomllib

from acl.settings_labels import LabelSettings
from tests.docs.pages import DOCS, text_of


def test_the_example_lets_a_host_carry_what_the_page_says() -> None:
    (block,) = re.findall(r"```toml\n(\[labels\].*?)```", text_of(DOCS / "mcp.md"), re.DOTALL)

    labels = LabelSettings.model_validate(tomllib.loads(block)["labels"])

    may = {one.client: labels.of_client(one) for one in labels.clients}
    assert {"chatgpt": "internal", "our-agent": "confidential"} == may
    assert labels.ceiling is None
    assert "public" == labels.order[0]
