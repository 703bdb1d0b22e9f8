"""The form builder: the administrator makes, changes and publishes forms."""
