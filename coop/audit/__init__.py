"""Walks over everything that decides pay, standing or a vote, and says what does not add up. Needs to read only."""
