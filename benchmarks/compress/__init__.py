"""How near the sizes of compressed models come to the files that vendors' tools write."""
