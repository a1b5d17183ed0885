"""Published forms: what users of five vendors write, and the one form that it is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.forms import (
    PARTING_SIGNS,
    currency_code,
    email_addresses,
    language_tag,
    phone_e164,
    vat_number,
)

ANYTHING = st.text(max_size=40)
REGIONS = st.sampled_from(["DE", "SE", "FI", "GB", "XX", "", None])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DE 136.695.976", "DE136695976"),
        ("de136695976", "DE136695976"),
        (" DE136695976 ", "DE136695976"),
        ("GR094259216", "EL094259216"),
        ("EL 094259216", "EL094259216"),
        ("CHE-107.787.577 MWST", "CHE107787577"),
        ("CHE107787577TVA", "CHE107787577"),
        ("CHE-107.787.577 IVA", "CHE107787577"),
        ("CHE-107.787.577", "CHE107787577"),
        ("CHE107787578", "CHE107787578"),
        ("GR094259217", "GR094259217"),
        ("FI 2077474-0", "FI20774740"),
        ("SE 556188840401", "SE556188840401"),
        ("ATU13585627", "ATU13585627"),
        ("ATU 13585627", "ATU13585627"),
        ("NO 995 525 828 MVA", "NO995525828MVA"),
        ("gb 980 7806 84", "GB980780684"),
        ("NO 974 760 673", "NO974760673MVA"),
        ("NO974760673 MVA ", "NO974760673MVA"),
        ("USt-IdNr. DE 136695976", "DE136695976"),
        ("Ust.-Id.-Nr.: DE 136 695 976", "DE136695976"),
        ("VAT: DE136695976", "DE136695976"),
        ("VAT No. GB 980 7806 84", "GB980780684"),
        ("VAT NO 974 760 673 MVA", "NO974760673MVA"),
        ("UID ATU13585627", "ATU13585627"),
        ("UID: CHE-107.787.577 MWST", "CHE107787577"),
        ("N° TVA : FR 40 303 265 045", "FR40303265045"),
        ("ALV-nro FI 2077474-0", "FI20774740"),
    ],
)
def test_a_valid_vat_number_is_read_in_its_compact_form(text: str, expected: str) -> None:
    assert vat_number(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("DE 000", "DE 136.695.977", "NO 995 525 829 MVA", "995525828MVA", "CHE-123.456.789 MWST", "folgt", "", " "),
        *("NO 974 760 674", "No 974760673", "VAT NO 974760673", "VAT: DE136695977", "USt-IdNr. folgt"),
        "nicht DE136695976",
    ],
)
def test_a_vat_number_that_is_not_valid_stays_as_sent(text: str) -> None:
    assert vat_number(text) == text


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("040 36123456", "DE", "+494036123456"),
        ("+49 (0)40 36123456", "SE", "+494036123456"),
        ("0049 40 36123456", "DE", "+494036123456"),
        ("0401234567", "FI", "+358401234567"),
        ("08-123 456 78", "SE", "+46812345678"),
        ("+4915112345678", None, "+4915112345678"),
        ("040 36123456", None, None),
        ("08-123 456 78", "XX", None),
        ("112", "DE", None),
        ("wie Zentrale", "DE", None),
        ("", "DE", None),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("492211234567", "DE", None),  # +49 221 1234567, or 04922 11234567 without its zero
        ("46812345678", "SE", "+46812345678"),
        ("912 34 56 78", "ES", "+34912345678"),
    ],
)
def test_a_phone_is_e164_where_it_is_valid_as_dialled_there(
    text: str, region: str | None, expected: str | None
) -> None:
    assert phone_e164(text, region) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("EUR", "EUR"), ("eur", "EUR"), (" sek ", "SEK"), ("NOK", "NOK"), ("€", None), ("Euro", None), ("ABC", None)],
)
def test_a_currency_is_told_by_its_code_in_any_case(text: str, expected: str | None) -> None:
    assert currency_code(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("de", "de"),
        ("FI", "fi"),
        ("fin", "fi"),
        ("swe", "sv"),
        ("GER", "de"),
        ("sv_SE", "sv-SE"),
        ("en-GB", "en-GB"),
        ("zh_Hans_CN", "zh-Hans-CN"),
        (" de ", "de"),
        ("german", None),
        ("xx", None),
        ("", None),
        ("-", None),
        ("de_", None),
    ],
)
def test_a_language_is_a_bcp_47_tag(text: str, expected: str | None) -> None:
    assert language_tag(text) == expected


@given(text=ANYTHING)
def test_a_text_that_is_no_vat_number_comes_back_as_it_is(text: str) -> None:
    assert vat_number(text) in {text, "".join(each for each in text.upper() if each.isalnum())}


@given(text=ANYTHING, region=REGIONS)
def test_no_text_dialled_anywhere_is_an_error(text: str, region: str | None) -> None:
    number = phone_e164(text, region)

    assert number is None or number.startswith("+")


@given(text=ANYTHING)
def test_no_text_read_as_a_code_is_an_error(text: str) -> None:
    currency, language = currency_code(text), language_tag(text)

    assert currency is None or (len(currency), currency.isupper()) == (3, True)
    assert language is None or language == language_tag(language)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@x.example; b@x.example", ("a@x.example", "b@x.example")),
        (" a@x.example ", ("a@x.example",)),
        ("A@X.example, a@x.example;b@x.example,", ("A@X.example", "b@x.example")),
        ("a@x.example b@x.example", ("a@x.example", "b@x.example")),
        ("a@x.example / b@x.example", ("a@x.example", "b@x.example")),
        ("a/b@x.example", ("a/b@x.example",)),
        ("Anna <a@x.example>", ("a@x.example",)),
        ('"Schmidt, Anna" <a@x.example>; Bo <b@x.example>, c@x.example', ("a@x.example", "b@x.example", "c@x.example")),
        ("a@x.example<mailto:A@x.example>", ("a@x.example",)),
        ("MailTo:a@x.example?subject=Hi%20du", ("a@x.example",)),
        ("nobody", ("nobody",)),
        ("mailto:nobody", ("mailto:nobody",)),
        ("Anna <nobody>", ("Anna <nobody>",)),
        ("<a@x.example", ("<a@x.example",)),
        ("Anna a@x.example", ("Anna a@x.example",)),
        ("a@x.example; @", ("a@x.example; @",)),
    ],
)
def test_a_field_of_several_addresses_is_split_into_each_once(text: str, expected: tuple[str, ...]) -> None:
    assert email_addresses(text) == expected


@given(text=st.lists(st.sampled_from(["a@x", "b", *" ;,|/<>:\t", "mailto:", "?c=d"])).map("".join))
def test_a_text_that_may_not_hold_several_addresses_is_one(text: str) -> None:
    assert not text.isascii() or any(sign in text for sign in PARTING_SIGNS) or email_addresses(text) == (text,)


@given(text=st.text(alphabet="aB@;, x", min_size=1).filter(str.strip))
def test_no_address_is_lost_or_doubled_when_a_field_is_split(text: str) -> None:
    found = email_addresses(text)

    assert len({each.casefold() for each in found}) == len(found) > 0
    assert {*"".join(found).casefold()} - set(" ;,") == {*text.casefold()} - set(" ;,")
