"""The examples of rows put to a compiler, and what that makes of the rows."""
