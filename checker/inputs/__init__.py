"""Files to Inventory: AWS CLI output, policy documents, the streaming manifest. Kinds by content, not name."""
