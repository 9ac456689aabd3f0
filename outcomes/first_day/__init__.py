"""A clinic's first day: sheets to fill in, pages to print, a plan, a mapping, a key and a guide."""
