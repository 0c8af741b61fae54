"""The AWS resources of a Pulumi program on the local endpoint: one table from Pulumi type to what makes it.

Only `values` imports Pulumi: it turns the values of Pulumi's protocol into the plain ones that the table
works with.
"""
