"""Which mail, may we, and what it says. Nothing here sends: drafts go to the outbox in the caller's transaction."""
