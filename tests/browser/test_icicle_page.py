"""plotly draws every block of an icicle: it leaves out all of them where areas do not add up."""

from __future__ import annotations

import pytest

from gokit.plots import icicle
from tests.search.traces import EXACT

pytestmark = pytest.mark.browser
pytest.importorskip("plotly")


@pytest.mark.parametrize("name", ["puct", "puct, by position, ko", "puct, full tree"])
def test_the_browser_draws_every_block(browser, name):
    figure = icicle(EXACT[name].trace(), min_visits=1)
    page = browser.new_page()
    page.set_content(figure.to_html(include_plotlyjs=True))
    page.wait_for_selector(".icicle .slice")
    assert page.locator(".icicle .slice").count() == len(figure.data[0].ids)
    page.close()
