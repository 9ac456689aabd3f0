"""What it means: periods, endpoints, comparisons and results. No files, no drawings."""
