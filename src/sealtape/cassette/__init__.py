"""One open cassette: it plays what is recorded, takes what is new, and knows what was not played.

- `conversation`: the cassette as capture and its users see it
- `index`: which recorded interaction answers a request
- `departures`: what leaves, to be recorded
- `explanation`: what is said of a request that none answers
- `expecting`: misses that a test means
"""

from sealtape.cassette.conversation import Cassette
from sealtape.cassette.expecting import expect_miss

__all__ = ["Cassette", "expect_miss"]
