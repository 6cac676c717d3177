"""Figures as ratios inside one run; never asserted in a test."""
