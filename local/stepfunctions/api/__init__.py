"""The Step Functions API: requests checked against botocore's model, answers in AWS's shapes."""
