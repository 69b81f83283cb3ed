"""The simulated shop: its pages, products, devices, channels, places, and how each kind behaves.

Plain numbers and names. The draw (`visits`) and every export shape read the same catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np


@dataclass(frozen=True)
class Kind:
    """How one kind of visit behaves. Times and counts are multiplicative.

    Attributes
    ----------
    name : str
        The name in the truth.
    weekday, weekend : float
        Share of the visits that start from Monday to Friday, and on Saturday or Sunday.
    pages_from, pages_more, pages_shape : float
        Pages of browsing: a minimum plus a negative binomial with this mean and shape.
    seconds, between, within : float
        Median seconds a page; standard deviation of its logarithm between visits and within one.
    fresh : float
        Mean share of pages that the visit sees for the first time.
    events : float
        Mean number of event hits after a page hit.
    adds : float
        Share of the event hits that add to the cart.
    mobile : float
        Odds of a mobile device, relative to the shop's.
    """

    name: str
    weekday: float
    weekend: float
    pages_from: float
    pages_more: float
    pages_shape: float
    seconds: float
    between: float
    within: float
    fresh: float
    events: float
    adds: float
    mobile: float


KINDS = (
    Kind("bouncers", 0.480, 0.510, 1, 0, 1.0, 0.0, 0.00, 0.00, 0.99, 0.0, 0.00, 1.2),
    Kind("browsers", 0.251, 0.270, 2, 3, 2.0, 18.0, 0.45, 0.60, 0.92, 0.2, 0.02, 1.2),
    Kind("readers", 0.105, 0.075, 3, 3, 3.0, 200.0, 0.40, 0.60, 0.92, 0.2, 0.02, 0.7),
    Kind("searchers", 0.075, 0.070, 6, 10, 4.0, 17.0, 0.35, 0.60, 0.38, 0.3, 0.02, 0.9),
    Kind("cart builders", 0.065, 0.056, 3, 4, 3.0, 35.0, 0.40, 0.60, 0.90, 3.6, 0.25, 0.8),
    Kind("buyers", 0.019, 0.012, 4, 8, 4.0, 30.0, 0.30, 0.60, 0.80, 0.8, 0.25, 0.5),
    Kind("bots", 0.005, 0.007, 15, 45, 3.0, 1.2, 0.20, 0.30, 0.95, 0.0, 0.00, 0.0),
)
BOUNCERS, BROWSERS, READERS, SEARCHERS, CART_BUILDERS, BUYERS, BOTS = range(len(KINDS))

# Visits that start in each local hour, relative; and on each day of the week from Monday on.
HOURS = np.array(
    [
        *(3.0, 2.0, 1.5, 1.2, 1.2, 1.6, 2.6, 4.0, 5.5, 6.5, 7.0, 7.2),
        *(7.0, 7.0, 7.0, 6.8, 6.5, 6.2, 6.2, 6.6, 7.0, 6.6, 5.4, 4.2),
    ]
)
WEEKDAYS = np.array([1.05, 1.06, 1.04, 1.0, 0.92, 0.68, 0.72])

# --- the site -------------------------------------------------------------------------------
HOSTNAME = "shop.example.com"
_SECTIONS = ("women", "men", "kids", "bags", "drinkware", "office", "outdoor", "stickers")
_BRANDS = ("north", "aurora", "señal", "plain", "größe", "studio")
_TOPICS = ("fabric", "sizes", "repair", "shipping", "gifts", "travel", "サイズ")
_ITEMS = (
    ("Tee", 1_999), ("Mug", 1_199), ("Hoodie", 4_999), ("Backpack", 8_900), ("Pen", 250),
    ("Notebook", 799), ("Cap", 1_599), ("Bottle", 2_299), ("Jacket", 11_900), ("Café Set", 3_450),
)  # fmt: skip
_COLOURS = ("Red", "Blue", "Green", "Black", "White", "Grey", "Été")

PRODUCTS = tuple(f"{colour} {item}" for (item, _), colour in product(_ITEMS, _COLOURS))
PRICES = np.array([price for (_, price), _ in product(_ITEMS, _COLOURS)])  # cents
SKUS = tuple(f"SKU{number:05d}" for number in range(len(PRODUCTS)))

_HOME = [("/home", "Home")]
_CATEGORIES = [
    (f"/shop/{section}/{brand}", f"{brand.title()} | {section.title()}")
    for section, brand in product(_SECTIONS, _BRANDS)
]
_SEARCH = [(f"/search/{section}", "Search results") for section in ("all", *_SECTIONS)]
_GUIDES = [
    (f"/guide/{topic}/{part}", f"Guide: {topic}, part {part}")
    for topic, part in product(_TOPICS, range(1, 10))
]
_DETAILS = [
    (f"/product/{name.lower().replace(' ', '-')}", f"{name} | Example Shop") for name in PRODUCTS
]
_CHECKOUT = [
    ("/basket", "Shopping Cart"),
    ("/checkout/address", "Checkout: your address"),
    ("/checkout/payment", "Checkout: payment"),
    ("/checkout/review", "Checkout: review"),
    ("/order-completed", "Thank you"),
]
_BROWSED = [*_HOME, *_CATEGORIES, *_SEARCH, *_GUIDES, *_DETAILS]
PAGES = (*_BROWSED, *_CHECKOUT)  # (path, title)
N_BROWSED = len(_BROWSED)  # a prime: every stride through the pages meets each page once
FIRST_CATEGORY = len(_HOME)
FIRST_SEARCH = FIRST_CATEGORY + len(_CATEGORIES)
FIRST_GUIDE = FIRST_SEARCH + len(_SEARCH)
FIRST_PRODUCT = FIRST_GUIDE + len(_GUIDES)
N_SEARCH = len(_SEARCH)
# Where visits land: first page and number of pages of a section, share of the visits.
LANDINGS = (
    (0, 1, 0.35),
    (FIRST_CATEGORY, len(_CATEGORIES), 0.25),
    (FIRST_GUIDE, len(_GUIDES), 0.15),
    (FIRST_PRODUCT, len(_DETAILS), 0.25),
)
# What may follow a path. The first, nothing, is by far the most frequent.
QUERIES = (
    "",
    "?utm_source=newsletter&utm_campaign=winter",
    "?gclid=EAIaIQobChMI",
    "?q=t-shirt&page=2",
    "?size=m#reviews",
)

# The tail of a visit that goes to the checkout: page, action type and checkout step of each hit.
# A buyer's order stands on two purchase hits; four where the page is reloaded or there are two.
TAIL_PAGE = N_BROWSED + np.array([0, 1, 2, 3, 4, 4, 4, 4])
TAIL_ACTION = np.array([0, 5, 5, 5, 6, 6, 6, 6])
TAIL_STEP = np.array([1, 1, 2, 3, 1, 1, 1, 1])

# --- dimensions: (weight, the columns) --------------------------------------------------------
DEVICES = (  # category, browser, operating system
    (30, "desktop", "Chrome", "Windows"),
    (25, "desktop", "Chrome", "Macintosh"),
    (4, "desktop", "Firefox", "Windows"),
    (4, "desktop", "Safari", "Macintosh"),
    (18, "mobile", "Chrome", "Android"),
    (14, "mobile", "Safari", "iOS"),
    (3, "tablet", "Safari", "iOS"),
    (2, "desktop", "Chrome", "Linux"),
)
CHANNELS = (  # channel, source, medium, campaign, is true direct
    (44, "Organic Search", "google", "organic", "(not set)", None),
    (19, "Direct", "(direct)", "(none)", "(not set)", True),
    (14, "Referral", "blog.example.org", "referral", "(not set)", None),
    (8, "Social", "youtube.com", "referral", "(not set)", None),
    (7, "Paid Search", "google", "cpc", "brand", None),
    (5, "Email", "newsletter", "email", "winter", None),
    (3, "Affiliates", "Partners", "affiliate", "Data Share Promo", None),
)
PLACES = (  # continent, country, city, sales region (custom dimension 4)
    (40, "Americas", "United States", "New York", "North America"),
    (15, "Americas", "United States", "San Francisco", "North America"),
    (6, "Americas", "Canada", "Montréal", "North America"),
    (4, "Americas", "Brazil", "São Paulo", "South America"),
    (9, "Europe", "United Kingdom", "London", "EMEA"),
    (8, "Europe", "Germany", "Köln", "EMEA"),
    (8, "Asia", "India", "Bengaluru", "APAC"),
    (6, "Asia", "Japan", "東京", "APAC"),
    (4, "(not set)", "(not set)", "(not set)", None),
)
