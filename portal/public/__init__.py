"""Pages for everyone: rules, roster, results, checking a notice."""
