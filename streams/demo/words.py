"""What the customers of the demo's bank say, theme by theme."""

from typing import Final, NamedTuple


class Talk(NamedTuple):
    """How a theme is talked about.

    Attributes:
        weight: how often, against the other themes.
        mood: the mean sentiment of those who mention it, -1 to 1.
        handle_s: how long a call or chat about it takes, seconds.
        texts: what they say; every one names its theme in the words of the taxonomy, and no other.
    """

    weight: float
    mood: float
    handle_s: float
    texts: tuple[str, ...]


LOGIN: Final = "login-failure"

ORDINARY: Final[dict[str, Talk]] = {
    "card-declined": Talk(
        1.2,
        -0.5,
        310,
        (
            "My card was declined at the supermarket although there is money on it",
            "Declined twice at the petrol station, embarrassing",
            "Card refused online, same card works in the shop",
            "You blocked my card on holiday without asking",
        ),
    ),
    "card-delivery": Talk(
        0.8,
        -0.25,
        240,
        (
            "When does my new card come?",
            "Replacement card ordered two weeks ago, nothing in the mail",
            "Still waiting for my card",
        ),
    ),
    "transfer-delay": Talk(
        1.3,
        -0.4,
        330,
        (
            "My transfer from Friday is not there yet",
            "The payment is pending since this morning",
            "Standing order did not go out on the first",
            "Money has not arrived, what is going on?",
        ),
    ),
    "app-crash": Talk(
        0.9,
        -0.6,
        280,
        (
            "App crashes when I open the map of cash machines",
            "Freezes on the overview, have to restart the phone",
            "White screen after the update",
        ),
    ),
    "fees": Talk(
        1.1,
        -0.45,
        260,
        (
            "Why is there a fee for a second card?",
            "You charged me for the account again",
            "Exchange rate on my trip was a joke, too expensive",
        ),
    ),
    "statement": Talk(
        1.0,
        -0.1,
        220,
        (
            "Where do I find my statement from March?",
            "I need the tax certificate for last year",
            "Cannot download the PDF on my tablet",
        ),
    ),
    "support-wait": Talk(
        1.0,
        -0.55,
        420,
        (
            "Forty minutes on hold",
            "Nobody answers at the branch",
            "They promised to call back and never did",
        ),
    ),
    "kyc": Talk(
        0.8,
        -0.3,
        390,
        (
            "Video ident broke off three times",
            "You want proof of address again, I sent it in May",
            "My passport is not recognised",
        ),
    ),
    "mobile-deposit": Talk(
        0.7,
        -0.2,
        270,
        (
            "The photo of my cheque is always too dark",
            "Pay in by photo says try later",
            "Photo deposit of 250 is not booked",
        ),
    ),
    "savings-rate": Talk(
        0.9,
        0.1,
        250,
        (
            "Will the savings rate go up as well?",
            "What interest on savings do new customers get?",
            "How long is the money tied up in a fixed-term deposit?",
        ),
    ),
    "notifications": Talk(
        0.8,
        -0.15,
        200,
        (
            "Push messages come hours late",
            "I get every notification twice",
            "Can I have alerts for large bookings only?",
        ),
    ),
    "account-closure": Talk(
        0.7,
        -0.5,
        350,
        (
            "Please close my account at the end of the month",
            "I am switching to another bank",
            "How do I cancel my account?",
        ),
    ),
    "praise": Talk(
        1.4,
        0.75,
        150,
        (
            "Great app, keep it up",
            "Easy to use, even for my mother",
            "Thank you for the quick help!",
            "Best bank I have had",
        ),
    ),
}

RARE_LOGIN: Final = (
    "Forgot my password and cannot log in",
    "New phone, how do I sign in?",
    "Locked out after three wrong PINs",
)
"""The few about logging in of an ordinary week."""

UNTAGGED: Final = (
    "Hello?",
    "As I said before.",
    "See the attachment please",
    "Same as last time",
)
"""Texts nobody can make a theme of."""

COMPLAINTS: Final = (
    "Since the update of my iPhone I cannot log in, it just spins",
    "Login times out again and again. iOS 17 here",
    "Can't get into the app since last night, rent is due today!",
    "Face ID goes through, then 'connection timed out'. Useless",
    "Tried ten times to log in, error 504 each time",
    "iOS 17, login fails. Anybody else?",
    "Locked out of my own money since this morning",
    "Signing in takes forever and then fails",
    "Login broken after the iOS update. My husband's Android works",
    "I can't log in to pay my bills. If this is not fixed today I am gone",
    "error 504 at login, reinstalled twice, no change",
    "What is wrong with you? Login does not work on iOS 17",
    "Session expired before I am even in. iPhone 14, iOS 17",
    "Cannot log in. Standing at the till like a fool",
    "Third attempt to sign in, third timeout",
)
"""What they say when logins time out on iOS 17, in turn."""
