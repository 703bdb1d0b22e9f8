"""Where people fill a form of the campaign on the web, as it is printed on paper."""

from __future__ import annotations

from flask import url_for

from portal.page import current_campaign


def online_address(form_key: str) -> str:
    """The address by which a method's form is filled; empty for a form that no method of the campaign uses."""
    campaign = current_campaign()
    if campaign is None:
        return ""
    for method in campaign.settings["methods"]:
        if method["form"] == form_key:
            path = (
                url_for("ballot.enter") if method["secret"] else url_for("monitor.fill", method=method["key"])
            )
            return f"{campaign.settings['public_url']}{path}"
    return ""
