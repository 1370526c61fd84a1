"""Existing recordings of other tools as interactions, and those as sealed cassettes.

One module per format reads a parsed document; `documents` parses, and executes nothing; `sources` finds
out which format a file is in; `sealing` scrubs, seals, and proves that nothing was lost.
"""
