// ImflowChecks
