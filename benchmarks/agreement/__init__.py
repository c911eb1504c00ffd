"""How often the rule tables say what a vendor's compiler says, and where they do not."""
