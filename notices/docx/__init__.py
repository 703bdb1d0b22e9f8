"""The editable twin of a notice for WPS and Word; the PDF stays the master."""
