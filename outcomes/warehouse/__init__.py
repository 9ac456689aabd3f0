"""Engines elsewhere: the same statements, written for a cluster or a database server and run there.

docs/decisions/registry-scale.md says what stays there and what comes back.
"""
