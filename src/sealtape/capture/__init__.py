"""The only rooms that know a client library.

Each of them turns what a client is about to send into a `Request`, asks the current `Conversation`
for the answer, and gives the client either that or what the provider really said.
"""
