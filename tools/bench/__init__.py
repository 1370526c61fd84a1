"""What replay costs: sealtape, its floors and the alternatives, measured side by side in one run."""
