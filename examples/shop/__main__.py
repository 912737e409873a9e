"""The shop's two commands: `hello`, and `check`, which finds a mistake in the price list."""

import sys

from shop.prices import PRICES, mistakes

if sys.argv[1:] == ["hello"]:
    print(f"hello from a shop with {len(PRICES)} things to sell")
elif sys.argv[1:] == ["check"]:
    found = mistakes(PRICES)
    print("\n".join(found) or "the price list is right")
    sys.exit(1 if found else 0)
