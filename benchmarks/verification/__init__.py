"""Whole models put to the referees, and the page that says how often prediction and compiler agree."""
