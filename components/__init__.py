"""The platform: one ComponentResource a file, pure policy documents in `documents`, names and configuration beside them."""
