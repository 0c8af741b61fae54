"""A Step Functions engine that runs Distributed Map as AWS does, against any AWS endpoint."""
