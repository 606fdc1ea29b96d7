"""Baselines: what a model of the difference is added to, a method or another force field.

`settings.py` says which, `difference.py` calculates it for the frames and subtracts it, `benefit.py` compares the difference with the labels.
"""
