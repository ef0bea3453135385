"""Tests of Groundswell; the folders mirror the source."""
