"""Every page of the report: named after its file, and made of claims, experiments, figures and tables that exist."""

import pytest

from greedylr_theory import catalog, drawing, pages

PAGES = pages.pages()
CLAIMS = catalog.load("proofs", "CLAIM")
SHOWN = catalog.load(drawing.PACKAGE, drawing.EXPORTS)


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
def test_a_page_has_claims_of_each_of_its_topics_and_figures_or_tables(name):
    page = PAGES[name]
    topics = {name: claim.topic for name, claim in CLAIMS.items()}
    assert set(page.topics) <= set(topics.values())
    assert all(topics[name] not in page.topics for name in page.claims)  # they come without being named
    assert page.all_shown(SHOWN, page.all_claims(topics))


def test_what_answers_a_published_figure_is_on_a_page():
    topics = {name: claim.topic for name, claim in CLAIMS.items()}
    there = {name for page in PAGES.values() for name in page.all_shown(SHOWN, page.all_claims(topics))}
    assert {item.name for item in SHOWN.values() if item.source} <= there


def test_an_experiment_that_concludes_something_is_on_a_page():
    concluding = {name for name, sweep in catalog.load("experiments", "SWEEP").items() if sweep.conclusion is not None}
    assert concluding <= {name for page in PAGES.values() for name in page.experiments}
