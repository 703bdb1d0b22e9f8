"""Pages of the office for forms that come on paper or in a workbook."""
