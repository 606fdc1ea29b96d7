"""The skeleton of pages: titles and values are escaped, markup is not."""

from supple.runtime.html import html_page, render


def test_values_are_escaped_once():
    body = render("<p>{{ text }}</p>", text="<b>5 > 3</b>")
    page = html_page("a < b", body, "p { color: red; }")
    assert "<p>&lt;b&gt;5 &gt; 3&lt;/b&gt;</p>" in page
    assert page.count("a &lt; b") == 2
    assert "p { color: red; }" in page
    assert page.startswith("<!doctype html>")
