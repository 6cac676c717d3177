"""Ways to mend what rules find, as operations on the policy; what they are worth is proven elsewhere."""
