"""moto's own test suite, recorded and replayed by sealtape: does a replay do what the provider did?"""
