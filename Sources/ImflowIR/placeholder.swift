// ImflowIR
