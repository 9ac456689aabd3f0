"""What a clinic says in public: declared before the data are read, restated, judged, and read in its own copy.

`declared.py` reads claims.toml, `rules.py` judges numbers, `copy_check.py` reads advertising text, and
`evidence.py` lists what was published. Rules and reasons: docs/claims.md.
"""
