"""How far the days that nobody recorded could move the answer."""
