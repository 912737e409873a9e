import unittest

from shop.prices import mistakes


class Prices(unittest.TestCase):
    def test_a_right_list_has_no_mistakes(self):
        self.assertEqual(mistakes({"bread": 350}), [])

    def test_a_negative_price_is_a_mistake(self):
        self.assertEqual(mistakes({"honey": -490}), ["honey costs -490 cents"])
