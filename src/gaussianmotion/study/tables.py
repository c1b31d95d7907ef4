"""The database's tables: SQLite by default, PostgreSQL by URL.

A person is a random token in a cookie, of which only the digest is kept; no name, no address. Which
system a person sees as A is kept here and never leaves the server.
"""

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

STUDIES = Table(
    "studies",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("began_at", String(40), nullable=False),
    # The whole pairs.json: votes can be read when that file is long gone.
    Column("pairs", Text, nullable=False),
)

PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study", ForeignKey("studies.id"), nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("joined_at", String(40), nullable=False),
)

# What each person sees: the order of the pairs, and which side of the pair is shown as A.
TRIALS = Table(
    "trials",
    METADATA,
    Column("person", ForeignKey("people.id"), primary_key=True),
    Column("pair", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("shown_as_a", Integer, nullable=False),
    UniqueConstraint("person", "position"),
)

# The primary key is the promise: one vote per person, pair and question.
VOTES = Table(
    "votes",
    METADATA,
    Column("person", Integer, primary_key=True),
    Column("pair", String(64), primary_key=True),
    Column("question", String(32), primary_key=True),
    Column("side", Integer, nullable=False),
    Column("voted_at", String(40), nullable=False),
    Column("changes", Integer, nullable=False),
    ForeignKeyConstraint(["person", "pair"], ["trials.person", "trials.pair"]),
)
