"""Mutants: ways to break the product's promises on purpose, by name. A simulation that misses one is worth nothing."""

from typing import Literal, get_args

Mutant = Literal[
    "",
    "device drops the fsync",
    "hub drops the fsync",
    "vault drops the fsync",
    "receipt before commit",
    "no unique key",
    "settle on PUBACK",
    "reset sequence",
    "evict un-receipted",
    "receipt names one too many",
    "photo receipt before commit",
]
"""Empty: the product as it is."""

MUTANTS: tuple[Mutant, ...] = tuple(name for name in get_args(Mutant) if name)
