"""日历订阅: the feed of the deadlines of whoever is logged in."""
