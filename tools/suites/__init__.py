"""The test suites of vcrpy and pytest-recording, run with sealtape installed."""
