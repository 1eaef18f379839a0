"""An app: greetings."""
