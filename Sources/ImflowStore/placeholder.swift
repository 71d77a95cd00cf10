// ImflowStore
