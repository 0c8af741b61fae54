"""AWS on localhost: the server, the embedded deploy and the Step Functions engine."""
