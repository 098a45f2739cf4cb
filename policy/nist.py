"""Controls of NIST 800-53r5 by what a rule is about. Source: Security Hub's pages on its controls, and the mapping of AWS's guard rules."""

ACCESS = ("AC-2", "AC-3", "AC-5", "AC-6", "AC-6(2)", "AC-6(3)", "AC-6(10)")
ENCRYPTION = ("AU-9", "CA-9(1)", "CM-3(6)", "SC-7(10)", "SC-12(2)", "SC-13", "SC-28(1)", "SI-7(6)")
NETWORK = (
    "AC-3",
    "AC-4",
    "AC-4(21)",
    "AC-6",
    "SC-7",
    "SC-7(3)",
    "SC-7(4)",
    "SC-7(9)",
    "SC-7(11)",
    "SC-7(16)",
    "SC-7(20)",
    "SC-7(21)",
)
RETENTION = ("AU-10", "AU-11", "CA-7", "SI-12")
ROTATION = ("SC-12", "SC-12(2)")
TLS = ("AC-17(2)", "IA-5(1)", "SC-8", "SC-23")
