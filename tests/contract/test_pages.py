"""Every page of the report: named after its file, and made of claims, experiments, figures and tables that exist."""

import pytest

from greedylr_theory import catalog, drawing, pages

PAGES = pages.pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_named_after_its_file_and_names_what_exists(name):
    page = PAGES[name]
    assert page.name == name
    assert name != "report"
    assert page.title
    assert len(page.introduction.split()) >= 20
    for listed, package in (
        (page.claims, "proofs"),
        (page.experiments, "experiments"),
        (page.shown, drawing.PACKAGE),
    ):
        assert set(listed) <= set(catalog.names(package))
        assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_shows_the_figures_of_its_experiments(name):
    page = PAGES[name]
    shown = catalog.load(drawing.PACKAGE, drawing.EXPORTS)
    drawn = {item.name for item in shown.values() if set(item.reads) & set(page.experiments)}
    assert drawn <= set(page.shown)


def test_what_answers_a_published_figure_is_on_a_page():
    answers = {item.name for item in catalog.load(drawing.PACKAGE, drawing.EXPORTS).values() if item.source}
    assert answers <= {name for page in PAGES.values() for name in page.shown}
