from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.tagger import Tagger, TaxonomyError, load_taxonomy

LOGIN = Tagger(
    {
        "login-failure": ["can't log in", "login fails", "log in"],
        "speed": ["slow", "takes   for\tever"],
        "app": ["app", "app crashes"],
        "crash": ["crashes", "app crashes"],
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "can't log in",
        "I CAN'T LOG IN!",
        "I can’t log in",
        "i can‘t log in",
        "can`t log in",
        "can´t log in",
        "can't\n\tlog \u00a0 in",
        "(can't log in)",
        "“can't log in”",
        "can't log\u200b in",
        "can't l\u00adog in",
        "ＣＡＮ＇Ｔ log in",
    ],
)
def test_spelling_variants_match(text: str) -> None:
    assert LOGIN.tag(text) == ["login-failure"]


@pytest.mark.parametrize(
    "text",
    ["slowly", "aslow", "slow_down", "slow2", "2slow", "éslow", "slowé", "slowe\u0301", "_slow", "slow日", "", " "],
)
def test_phrase_needs_word_boundaries(text: str) -> None:
    assert LOGIN.tag(text) == []


@pytest.mark.parametrize(
    "text", ["slow", "slow.", "-slow-", "slow😀", "so/slow", "slow\u2026", "slow—really", "slow\ufe0f"]
)
def test_punctuation_is_a_word_boundary(text: str) -> None:
    assert LOGIN.tag(text) == ["speed"]


def test_boundaries_are_checked_on_the_normalised_text() -> None:
    # Each of these grows under case folding or normalisation, so offsets of the original text would be wrong.
    for prefix in ("ßßßß ", "ﬃﬃ ", "İİİ ", "½½ ", "  \n  ", "“„ ", "ŉ "):
        assert LOGIN.tag(prefix + "slow") == ["speed"], prefix
        assert LOGIN.tag(prefix + "slowly") == [], prefix


def test_folding_applies_to_phrases_too() -> None:
    tagger = Tagger({"street": ["Große STRASSE"], "cafe": ["Cafe\u0301"], "dash": ["sign–up"], "mark": ["acme pay"]})
    assert tagger.tag("GROSSE straße") == ["street"]
    assert tagger.tag("CAFÉ") == ["cafe"]
    assert tagger.tag("cafe") == []
    assert tagger.tag("sign-up or sign—up") == ["dash"]
    assert tagger.tag("Acme™ Pay®!") == ["mark"]


def test_white_space_in_a_phrase_matches_any_run_of_it() -> None:
    assert LOGIN.tag("it takes for\r\n\n  ever") == ["speed"]
    assert LOGIN.tag("it takesfor ever") == []


def test_order_is_of_first_appearance_and_each_theme_comes_once() -> None:
    assert LOGIN.tag("slow, log in, slow, can't log in") == ["speed", "login-failure"]
    assert LOGIN.tag("log in is slow") == ["login-failure", "speed"]


def test_overlapping_phrases_are_all_found() -> None:
    nested = Tagger({"inner": ["b c"], "outer": ["a b c d"], "left": ["a b"], "right": ["c d"], "cross": ["d e"]})
    assert nested.tag("a b c d e") == ["outer", "left", "inner", "right", "cross"]
    # The longer phrase fails at its boundary; the shorter ones inside it still count.
    assert nested.tag("a b c dx") == ["left", "inner"]


def test_same_phrase_in_two_themes_gives_both_in_taxonomy_order() -> None:
    assert LOGIN.tag("app crashes") == ["app", "crash"]
    assert Tagger({"z": ["one"], "a": ["One "]}).tag("one") == ["z", "a"]
    assert Tagger({"z": ["one", "ONE", "one"]}).tag("one one") == ["z"]


def test_phrase_with_punctuation_at_its_edge() -> None:
    tagger = Tagger({"lang": ["c++"], "hash": ["#fail"]})
    assert tagger.tag("c++ is a #fail!") == ["lang", "hash"]
    assert tagger.tag("c++17") == []


def test_empty_taxonomy_tags_nothing() -> None:
    assert Tagger({}).tag("anything") == []


def test_lone_surrogate_and_nul_do_no_harm() -> None:
    assert LOGIN.tag("\ud800 slow \udfff app") == ["speed", "app"]
    assert LOGIN.tag("\x00slow\x00") == ["speed"]


@pytest.mark.parametrize(
    ("taxonomy", "message"),
    [
        ({"t": []}, "t: expected a non-empty list"),
        ({"t": "phrase"}, "t: expected a non-empty list"),
        ({"t": ["ok", " \t"]}, r"t\[1\]: expected a phrase"),
        ({"t": ["\u200b"]}, r"t\[0\]: expected a phrase"),
        ({"t": ["\ud800"]}, r"t\[0\]: expected valid Unicode"),
        ({"t": [1]}, r"t\[0\]: expected a string"),
    ],
)
def test_unusable_taxonomies_are_refused(taxonomy: dict[str, list[str]], message: str) -> None:
    with pytest.raises(TaxonomyError, match=message):
        Tagger(taxonomy)


WORD = st.text("abß'é", min_size=1, max_size=3)
PHRASE = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


def _reference(taxonomy: dict[str, list[str]], text: str) -> list[str]:
    """Slow and obvious: every phrase at every place."""
    haystack = " ".join(text.casefold().split())
    hits = []
    for order, (theme, phrases) in enumerate(taxonomy.items()):
        for phrase in phrases:
            needle = phrase.casefold()
            for start in range(len(haystack)):
                end = start + len(needle)
                if haystack[start:end] != needle:
                    continue
                edges = haystack[start - 1 : start] + haystack[end : end + 1] if start else haystack[end : end + 1]
                if not any(character.isalnum() or character == "_" for character in edges):
                    hits.append((start, -len(needle), order, theme))
    return list(dict.fromkeys(theme for *_, theme in sorted(hits)))


@given(
    # One phrase belongs to one theme here, so that ties need no rule in the reference.
    st.dictionaries(PHRASE, st.sampled_from("xyz"), min_size=1, max_size=8),
    st.text("abßẞéÉ' _.\n", max_size=40),
)
def test_agrees_with_exhaustive_search(theme_of: dict[str, str], text: str) -> None:
    folded: dict[str, str] = {}
    for phrase, theme in theme_of.items():
        folded.setdefault(" ".join(phrase.casefold().split()), theme)
    taxonomy: dict[str, list[str]] = {}
    for phrase, theme in folded.items():
        taxonomy.setdefault(theme, []).append(phrase)
    assert Tagger(taxonomy).tag(text) == _reference(taxonomy, text)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_delimited_phrase_is_always_found(before: str, after: str) -> None:
    assert "speed" in LOGIN.tag(f"{before} . slow . {after}")


def test_load_keeps_order_and_ignores_descriptions(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(
        '[themes.login-failure]\ndescription = "Cannot get in"\nphrases = ["can’t log in", "login fails"]\n'
        '[themes."Äpp"]\nphrases = ["login fails"]\n',
        encoding="utf-8",
    )
    taxonomy = load_taxonomy(path)
    assert list(taxonomy.items()) == [("login-failure", ["can’t log in", "login fails"]), ("Äpp", ["login fails"])]
    assert Tagger(taxonomy).tag("login fails") == ["login-failure", "Äpp"]


@pytest.mark.parametrize(
    ("content", "key", "expected"),
    [
        ("", "themes", "at least one table"),
        ("themes = 3", "themes", "at least one table"),
        ("[themes]", "themes", "at least one table"),
        ("extra = 1\n[themes.a]\nphrases = ['x']", "extra", "unknown key, expected one of: themes"),
        ("[themes.a]\nphrases = ['x']\nowner = 'b'", "themes.a.owner", "unknown key, expected one of: phrases"),
        ("[themes.a]", "themes.a.phrases", "non-empty list"),
        ("[themes.a]\nphrases = []", "themes.a.phrases", "non-empty list"),
        ("[themes.a]\nphrases = 'x'", "themes.a.phrases", "non-empty list"),
        ("[themes.a]\nphrases = ['x', '']", "themes.a.phrases[1]", "visible characters"),
        ("[themes.a]\nphrases = ['  ']", "themes.a.phrases[0]", "visible characters"),
        ("[themes.a]\nphrases = [1]", "themes.a.phrases[0]", "expected a string"),
        ("[themes.a]\nphrases = ['x']\ndescription = 1", "themes.a.description", "expected a string"),
        ("[themes]\na = 1", "themes.a", "expected a table"),
        ("[themes.' a']\nphrases = ['x']", "themes.' a'", "theme name"),
        ("[themes.a\n", "", "valid TOML"),
    ],
)
def test_load_errors_name_file_key_and_expectation(tmp_path: Path, content: str, key: str, expected: str) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {key}")
    assert expected in message


def test_load_refuses_files_it_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"absent\.toml: expected a readable TOML file"):
        load_taxonomy(tmp_path / "absent.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[themes.a]\nphrases = ['\xe9']")
    with pytest.raises(TaxonomyError, match=r"latin\.toml: expected UTF-8"):
        load_taxonomy(path)
