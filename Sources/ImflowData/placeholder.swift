// ImflowData
