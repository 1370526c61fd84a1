"""Equal up to a consistent renaming: the one notion that matching, stand-ins and drift share.

- `names`: regions, accounts and callers, which are names by where they stand
- `values`: the pieces of a text, and which of them look like names that say nothing
- `bijection`: what stands for what, whoever judges it
- `recordings`: two recordings, judged by looks: drift
- `requests`: a recorded request and a live one, judged by what nobody can have chosen: matching; on top of
  `draws`, the entropy rule, and `moments`, times that were read from a clock
- `provenance`: who first said a word
"""

from sealtape.renaming.bijection import Likeness
from sealtape.renaming.names import Bindings, Name, skeleton
from sealtape.renaming.provenance import first_said
from sealtape.renaming.recordings import Renaming
from sealtape.renaming.values import Piece, is_epoch, is_jumbled, is_spelled, masked, masked_piece, pieces

__all__ = [
    "Bindings",
    "Likeness",
    "Name",
    "Piece",
    "Renaming",
    "first_said",
    "is_epoch",
    "is_jumbled",
    "is_spelled",
    "masked",
    "masked_piece",
    "pieces",
    "skeleton",
]
