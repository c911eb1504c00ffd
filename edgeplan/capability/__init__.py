"""What a backend can do: its rows, how they match, and the checks that keep them honest."""
