"""Events of CloudTrail, folded into contacts and the topics that they stream to."""
