"""Countries: what users of five vendors write, and the one code that it is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.countries import country_code


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("DE", ["DE", "de", " de ", "DEU", "deu", "276", "Deutschland", "Germany", "Tyskland", "Saksa", "DEUTSCHLAND"]),
        ("SE", ["SE", "SWE", "Schweden", "Sweden", "Sverige", "Ruotsi"]),
        ("FI", ["FI", "FIN", "Finnland", "Finland", "Suomi"]),
        ("AT", ["AUT", "Österreich", "ÖSTERREICH", "Oesterreich", "Osterreich", "österreich", "Austria", "Itävalta"]),
        ("CZ", ["CZ", "Czech Republic", "Czechia", "Tschechien", "Tschechische Republik", "Česko"]),
        ("TR", ["Turkey", "Türkei", "Türkiye", "Turkki"]),
        ("NL", ["The Netherlands", "Niederlande", "die Niederlande", "Holland", "Pays-Bas", "les Pays-Bas"]),
        ("ES", ["España", "Espana", "Spain", "ESPAÑA"]),
        ("CI", ["Côte d'Ivoire", "Côte d\u2019Ivoire", "COTE D'IVOIRE", "Elfenbeinküste", "Ivory Coast"]),
        ("GR", ["EL", "GR", "Greece", "Griechenland", "Ελλάδα"]),
        ("CH", ["Schweiz", "Suisse", "Svizzera", "Switzerland"]),
        ("BA", ["Bosnien und Herzegowina", "Bosnia & Herzegovina"]),
        ("NO", ["NO", "NOR", "Norwegen", "Norge", "Norja", "Norway"]),
        (
            "GB",
            [
                "GB",
                "UK",
                "XI",
                "Great Britain",
                "England",
                "Northern Ireland",
                "Großbritannien",
                "Grossbritannien",
                "GBR",
                "Vereinigtes Königreich",
                "United Kingdom",
                "Storbritannien",
                "Iso-Britannia",
            ],
        ),
        ("US", ["USA", "Vereinigte Staaten", "United States"]),
        ("AX", ["AX", "Åland"]),
    ],
)
def test_a_country_is_told_by_code_or_name_in_the_vendors_languages(code: str, names: list[str]) -> None:
    assert {name: country_code(name) for name in names} == dict.fromkeys(names, code)


@pytest.mark.parametrize(
    "text", ["", " ", "XX", "EU", "UN", "ZZ", "CT", "SUN", "AAA", "999", "IC", "EA", "XK", "Kosovo", "ß", "Nirgendwo"]
)
def test_what_names_no_country_or_several_has_no_code(text: str) -> None:
    assert country_code(text) is None


@given(text=st.text(max_size=40))
def test_no_text_read_as_a_country_is_an_error(text: str) -> None:
    code = country_code(text)

    assert code is None or (len(code), code.isupper()) == (2, True)
