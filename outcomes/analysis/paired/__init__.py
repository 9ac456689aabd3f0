"""Sensitivity beside the paired t: ranks, resampling, effect sizes, ratios. Arrays in, estimates out."""
