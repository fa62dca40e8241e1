"""Where state lives: three small protocols, and their backends on AWS and on one machine."""
