"""What goes over HTTP: requests refuse the unknown, answers say what they show."""
