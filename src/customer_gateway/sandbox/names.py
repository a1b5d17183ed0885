"""The words that the invented customers are made of: places with their area codes, trades, streets, names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class City:
    """A real place: postal code prefix and length as in that country, and the area code of its land lines."""

    name: str
    postal_prefix: str
    region: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Land:
    """What is peculiar to one country. `forms` are the legal forms, each with the ways people write it."""

    code: str
    name: str
    language: str
    currency: str
    dialling_code: str
    postal_digits: int
    mobile_prefixes: tuple[str, ...]
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[tuple[str, ...], ...]
    public_bodies: tuple[str, ...]
    quarters: tuple[str, ...]
    banks: tuple[tuple[str, str, str], ...]
    female_names: tuple[str, ...]
    male_names: tuple[str, ...]
    last_names: tuple[str, ...]
    mail_hosts: tuple[str, ...]
    top_domain: str


COMPANY_WORDS: Final = (
    "Nordstern", "Alpenblick", "Weserland", "Kupfer", "Linden", "Falken", "Hanse", "Silber", "Birken", "Adler",
    "Merkur", "Polar", "Aurora", "Delta", "Granit", "Fjord", "Kompass", "Anker", "Brücken", "Eichen", "Rhein",
    "Orion", "Vega", "Solaris", "Baltic", "Tornado", "Quarz", "Kiefern", "Möwen", "Habicht", "Zenit", "Krone",
    "Saphir", "Tulpen", "Wolken", "Mühlen", "Insel", "Taiga", "Bernstein", "Kranich", "Lotsen", "Planet",
)  # fmt: skip

GERMANY: Final = Land(
    code="DE",
    name="Deutschland",
    language="de",
    currency="EUR",
    dialling_code="49",
    postal_digits=5,
    mobile_prefixes=("151", "160", "170", "171", "175", "176"),
    cities=(
        City("Berlin", "101", "Berlin", "30"),
        City("Hamburg", "200", "Hamburg", "40"),
        City("München", "803", "Bayern", "89"),
        City("Köln", "506", "Nordrhein-Westfalen", "221"),
        City("Frankfurt am Main", "603", "Hessen", "69"),
        City("Stuttgart", "701", "Baden-Württemberg", "711"),
        City("Leipzig", "041", "Sachsen", "341"),
        City("Nürnberg", "904", "Bayern", "911"),
        City("Regensburg", "930", "Bayern", "941"),
        City("Bremen", "281", "Bremen", "421"),
        City("Düsseldorf", "402", "Nordrhein-Westfalen", "211"),
        City("Lübeck", "235", "Schleswig-Holstein", "451"),
    ),
    streets=(
        "Hauptstraße", "Bahnhofstraße", "Gartenstraße", "Lindenallee", "Am Mühlenbach", "Schillerstraße",
        "Industriestraße", "Goethestraße", "Marktplatz", "Kirchgasse", "Bergstraße", "Rosenweg",
    ),
    trades=(
        "Gebäudereinigung", "Haustechnik", "Metallbau", "Logistik", "Gartenbau", "Medientechnik", "Elektrotechnik",
        "Feinkost", "Druckerei", "Softwarehaus", "Malerbetrieb", "Möbelwerkstatt", "Fahrradhandel", "Textilservice",
    ),
    forms=(
        ("GmbH", "G.m.b.H.", "Gesellschaft mbH", "gmbh"),
        ("AG", "Aktiengesellschaft", "A.G."),
        ("GmbH & Co. KG", "GmbH u. Co. KG", "GmbH & Co KG", "GmbH und Co. KG"),
        ("e.K.", "e. K.", "eK"),
        ("UG (haftungsbeschränkt)", "UG", "UG haftungsbeschränkt"),
    ),
    public_bodies=("Stadtwerke", "Stadtverwaltung", "Landratsamt", "Klinikum", "Berufsschule"),
    quarters=("Nord", "Süd", "Mitte", "I", "II"),
    banks=(
        ("Commerzbank", "COBADEFFXXX", "37040044"),
        ("Deutsche Bank", "DEUTDEFFXXX", "50070010"),
        ("Berliner Sparkasse", "BELADEBEXXX", "10050000"),
        ("GLS Gemeinschaftsbank", "GENODEM1GLS", "43060967"),
    ),
    female_names=("Anna", "Sabine", "Katharina", "Jana", "Ursula", "Greta", "Heike", "Lena", "Birgit", "Nele"),
    male_names=("Thomas", "Jürgen", "Stefan", "Björn", "Lukas", "Matthias", "Günter", "Felix", "Jörg", "Rainer"),
    last_names=(
        "Müller", "Schröder", "Weiß", "Krüger", "Schäfer", "Hoffmann", "Böhm", "Vogel", "Groß", "Lindner", "Kühn",
        "Jäger", "Seidel", "Pohl", "Brandt", "Sauer", "Arnold", "Thiele", "Grünwald", "Ostermann",
    ),
    mail_hosts=("posteo.example", "mailkasten.example", "netzpost.example"),
    top_domain="de",
)  # fmt: skip

SWEDEN: Final = Land(
    code="SE",
    name="Sverige",
    language="sv",
    currency="SEK",
    dialling_code="46",
    postal_digits=5,
    mobile_prefixes=("70", "72", "73", "76"),
    cities=(
        City("Stockholm", "111", "Stockholms län", "8"),
        City("Göteborg", "411", "Västra Götalands län", "31"),
        City("Malmö", "211", "Skåne län", "40"),
        City("Uppsala", "753", "Uppsala län", "18"),
        City("Västerås", "722", "Västmanlands län", "21"),
        City("Örebro", "702", "Örebro län", "19"),
        City("Linköping", "582", "Östergötlands län", "13"),
        City("Umeå", "903", "Västerbottens län", "90"),
    ),
    streets=(
        "Storgatan", "Drottninggatan", "Kungsgatan", "Vasagatan", "Skolgatan", "Industrivägen", "Björkvägen",
        "Hamngatan", "Järnvägsgatan", "Ängsvägen",
    ),
    trades=(
        "Bygg", "Elteknik", "Rörservice", "Måleri", "Plåtslageri", "Fastighetsservice", "Trädgård", "Ventilation",
        "Golvläggning", "Snickeri", "Städservice", "Transport",
    ),
    forms=(("AB", "Aktiebolag", "A.B.", "ab"), ("HB", "Handelsbolag"), ("KB", "Kommanditbolag")),
    public_bodies=("Kommun", "Region", "Bostadsrättsförening", "Landsting", "Skolförvaltning"),
    quarters=("Norra", "Södra", "Centrum"),
    banks=(
        ("Swedbank", "SWEDSESS", "800"),
        ("Handelsbanken", "HANDSESS", "600"),
        ("SEB", "ESSESESS", "500"),
        ("Nordea", "NDEASESS", "300"),
    ),
    female_names=("Elin", "Karin", "Åsa", "Ingrid", "Maja", "Frida", "Annika", "Sofia", "Ebba", "Malin"),
    male_names=("Erik", "Lars", "Johan", "Mårten", "Göran", "Oskar", "Nils", "Håkan", "Per", "Sven"),
    last_names=(
        "Andersson", "Lindqvist", "Sjöberg", "Bergström", "Nyström", "Åkesson", "Holmgren", "Öberg", "Forsberg",
        "Sandström", "Ekman", "Wallin", "Norén", "Hedlund", "Dahlström", "Lundgren",
    ),
    mail_hosts=("brevlada.example", "epost.example"),
    top_domain="se",
)  # fmt: skip

FINLAND: Final = Land(
    code="FI",
    name="Suomi",
    language="fi",
    currency="EUR",
    dialling_code="358",
    postal_digits=5,
    mobile_prefixes=("40", "44", "50"),
    cities=(
        City("Helsinki", "001", "Uusimaa", "9"),
        City("Espoo", "021", "Uusimaa", "9"),
        City("Tampere", "331", "Pirkanmaa", "3"),
        City("Turku", "201", "Varsinais-Suomi", "2"),
        City("Oulu", "901", "Pohjois-Pohjanmaa", "8"),
        City("Jyväskylä", "401", "Keski-Suomi", "14"),
        City("Lahti", "151", "Päijät-Häme", "3"),
    ),
    streets=(
        "Mannerheimintie", "Hämeenkatu", "Kauppakatu", "Rautatienkatu", "Koulukatu", "Teollisuustie", "Satamakatu",
        "Kirkkokatu", "Mäntytie", "Järvikatu",
    ),
    trades=(
        "Rakennus", "Sähkö", "Konepaja", "Huolto", "Kuljetus", "Puutyö", "Leipomo", "Painotalo", "Siivous", "Tekniikka",
        "Varaosat",
    ),
    forms=(("Oy", "OY", "Oy Ab", "Osakeyhtiö"), ("Ky", "Kommandiittiyhtiö"), ("Tmi", "T:mi", "Toiminimi")),
    public_bodies=("Kaupunki", "Asunto Oy", "Hyvinvointialue", "Ammattikoulu", "Seurakunta"),
    quarters=("Pohjoinen", "Etelä", "Keskusta"),
    banks=(
        ("Nordea", "NDEAFIHH", "123456"),
        ("OP Ryhmä", "OKOYFIHH", "500001"),
        ("Danske Bank", "DABAFIHH", "800012"),
        ("Aktia", "HELSFIHH", "405500"),
    ),
    female_names=("Aino", "Helena", "Päivi", "Johanna", "Sanna", "Marja", "Tuuli", "Kaisa", "Riikka", "Laura"),
    male_names=("Mikko", "Jukka", "Antti", "Väinö", "Timo", "Pekka", "Ville", "Sami", "Heikki", "Markku"),
    last_names=(
        "Virtanen", "Korhonen", "Mäkinen", "Nieminen", "Hämäläinen", "Laine", "Koskinen", "Järvinen", "Lehtonen",
        "Saarinen", "Heikkinen", "Salminen", "Rantanen", "Karjalainen", "Jokinen", "Väisänen",
    ),
    mail_hosts=("postilaatikko.example", "sposti.example"),
    top_domain="fi",
)  # fmt: skip

JOB_TITLES: Final = (
    "Geschäftsführung", "Buchhaltung", "Einkauf", "Objektleitung", "Platschef", "Ekonomi", "Inköp", "Myynti",
    "Taloushallinto", "Toimitusjohtaja", "Technik", "Empfang",
)  # fmt: skip
