"""The columns of a GA360 export, as far as the simulation fills them."""

from __future__ import annotations

import pyarrow as pa


def _struct(**columns: pa.DataType) -> pa.StructType:
    return pa.struct(list(columns.items()))


def repeated(element: pa.DataType) -> pa.ListType:
    """Return the type of a repeated field."""
    return pa.list_(pa.field("element", element))


INT, TEXT, BOOL = pa.int64(), pa.string(), pa.bool_()
TOTALS = (
    *("visits", "hits", "pageviews", "timeOnSite", "bounces", "transactions"),
    *("transactionRevenue", "newVisits", "screenviews", "totalTransactionRevenue"),
)
PAGE = _struct(pagePath=TEXT, hostname=TEXT, pageTitle=TEXT)
TRANSACTION = _struct(transactionId=TEXT, transactionRevenue=INT, currencyCode=TEXT)
APP = _struct(screenName=TEXT)
EVENT = _struct(eventCategory=TEXT, eventAction=TEXT, eventLabel=TEXT)
PRODUCT = _struct(
    productSKU=TEXT, v2ProductName=TEXT, productPrice=INT, productQuantity=INT
)  # fmt: skip
ACTION = _struct(action_type=TEXT, step=INT)
HIT = _struct(
    hitNumber=INT, time=INT, hour=INT, minute=INT,
    isInteraction=BOOL, isEntrance=BOOL, isExit=BOOL,
    page=PAGE, transaction=TRANSACTION, appInfo=APP, eventInfo=EVENT,
    product=repeated(PRODUCT), refund=_struct(refundAmount=INT),
    eCommerceAction=ACTION, type=TEXT,
)  # fmt: skip
SOURCE = _struct(source=TEXT, medium=TEXT, campaign=TEXT, isTrueDirect=BOOL)
DEVICE = _struct(browser=TEXT, operatingSystem=TEXT, isMobile=BOOL, deviceCategory=TEXT)
PLACE = _struct(continent=TEXT, country=TEXT, city=TEXT)
DIMENSION = _struct(index=INT, value=TEXT)

SCHEMA = pa.schema(
    {
        "visitorId": INT,
        "visitNumber": INT,
        "visitId": INT,
        "visitStartTime": INT,
        "date": TEXT,
        "totals": pa.struct([(name, INT) for name in TOTALS]),
        "trafficSource": SOURCE,
        "device": DEVICE,
        "geoNetwork": PLACE,
        "customDimensions": repeated(DIMENSION),
        "hits": repeated(HIT),
        "fullVisitorId": TEXT,
        "channelGrouping": TEXT,
        "socialEngagementType": TEXT,
    }
)
