"""What must exist in an account before the first `up`: the deploy role, the permissions boundary, a bucket for Pulumi's state."""
