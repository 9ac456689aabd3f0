"""Importers: from the exports of diary apps and clinic systems to the tables of the data dictionary."""
