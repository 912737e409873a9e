"""A price list in cents, with a mistake that `make check` finds."""

PRICES = {"bread": 350, "butter": 280, "honey": -490}


def mistakes(prices):
    """One sentence for each price that cannot be right."""
    return [f"{thing} costs {price} cents" for thing, price in prices.items() if price <= 0]
