"""Which recorded request a live one is, where none is equal: the one that is equal up to made-up values.

It is asked only after an exact match has failed. What may differ is narrow (`sealtape.renaming.draws`,
`sealtape.renaming.moments`), and what one request has bound holds for all that follow.
"""

from sealtape.binding.candidates import Binding, Candidate, made_up

__all__ = ["Binding", "Candidate", "made_up"]
