"""Secrets planted in traffic and look-alikes beside them: what scrubbing has to tell apart.

All values are invented from a seed; nothing here knows a rule of sealtape. ``python -m scrub_corpus``
says which secret survived in any decoding, and which look-alike was changed or refused.
"""
