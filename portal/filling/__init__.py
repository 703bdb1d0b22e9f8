"""Pages of people who fill in a form that was sent out: by link, by code, or logged in."""
