"""How far the days that nobody recorded could move the answer. One entry: `analyses.missing_diary_analyses`."""
