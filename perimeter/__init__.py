"""What AWS would decide: an evaluator of policy documents that needs neither AWS nor Pulumi.

`documents` reads policies, `evaluate` decides requests, `lockout` asks whether an administrator still gets in, and `facts` knows AWS's
actions and condition keys. Nothing here imports the platform.
"""
