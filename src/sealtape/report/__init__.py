"""What people and programs are shown: one module per output. Reports take nothing unscrubbed."""
